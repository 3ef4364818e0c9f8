"""What goes wrong in a subscription: tried again, put aside, stopped; and what is never an event's fault."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from actum import (
    Alert,
    Bookmark,
    DeadLetter,
    Engine,
    Invalid,
    MemoryLog,
    Options,
    StoreFull,
    Subscription,
    SubscriptionStopped,
    handle,
)
from actum.subscriptions import subscriptions
from actum_storage import MemoryBookmarks, StorageError

from tests.support.bank import Account, Deposit, Deposited, HeldAssessor, Note, open_bank
from tests.support.logs import FaultyLog
from tests.support.scenes import engine_threads, in_time, scene, turns
from tests.support.subscribers import Journal, Small, Stopper, Watcher


async def deposit(engine: object, count: int) -> None:
    """So many events."""
    for amount in range(1, count + 1):
        await engine.send(Deposit(account_id="a", amount=amount))  # type: ignore[attr-defined]


@scene
async def test_a_handler_that_fails_is_called_again() -> None:
    """The event is tried again, nothing behind it comes before that, and what was before it does not come again."""
    journal = Journal()
    journal.faults = {3: 2}
    async with open_bank(None, Watcher, services=[journal]) as engine:
        await deposit(engine, 5)
        watcher = engine.subscription(Watcher)
        await watcher.caught_up()
        assert journal.seen == [1, 2, 3, 4, 5]
        assert journal.tried == {1: 1, 2: 1, 3: 3, 4: 1, 5: 1}
        statistics = watcher.statistics()
        assert (statistics.failures, statistics.retries, statistics.dead_letters) == (2, 2, 0)
        assert (statistics.handled, statistics.failure) == (5, None)


@scene
async def test_what_keeps_failing_is_put_aside(tmp_path: object) -> None:
    """After its retries the event is a dead letter, and those behind it are handled; all of that survives closing."""
    journal = Journal()
    journal.faults = {2: -1, 4: -1}
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        await deposit(engine, 5)
        watcher = engine.subscription(Watcher)
        await watcher.caught_up()
        assert journal.seen == [1, 3, 5]
        assert journal.tried[2] == 3
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        watcher = engine.subscription(Watcher)
        first, second = watcher.dead_letters()
        error = "ValueError: position 2 is unwelcome"
        assert first == DeadLetter(2, "Account", "a", "Deposited", error, 3, first.failed_ns)
        assert second.position == 4
        assert watcher.statistics().dead_letters == 2
        assert journal.seen == [1, 3, 5]


@scene
async def test_a_dead_letter_is_handled_again_or_dropped(tmp_path: object) -> None:
    """A retry that fails counts and raises; one that succeeds, or a drop, ends it."""
    journal = Journal()
    journal.faults = {1: -1, 2: -1}
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        await deposit(engine, 3)
        watcher = engine.subscription(Watcher)
        await watcher.caught_up()
        with pytest.raises(ValueError, match="position 1 is unwelcome"):
            await watcher.retry(1)
        assert watcher.dead_letters()[0].attempts == 4
        journal.faults.clear()
        await watcher.retry(1)
        assert (journal.seen, journal.amounts) == ([3, 1], [3, 1])
        with pytest.raises(Invalid, match="watcher has no dead letter at position 1"):
            await watcher.retry(1)
        await watcher.drop(2)
        with pytest.raises(Invalid, match="no dead letter at position 2"):
            await watcher.drop(2)
    async with open_bank(tmp_path, Watcher, services=[journal]) as engine:
        assert engine.subscription(Watcher).dead_letters() == []
        await engine.subscription(Watcher).caught_up()
    assert journal.seen == [3, 1]


@scene
async def test_after_a_reset_dead_letters_come_again_by_themselves() -> None:
    """Those behind the position are no dead letters any more."""
    journal = Journal()
    journal.faults = {1: -1, 3: -1}
    async with open_bank(None, Watcher, services=[journal]) as engine:
        await deposit(engine, 3)
        watcher = engine.subscription(Watcher)
        await watcher.caught_up()
        journal.faults.clear()
        await watcher.reset(2)
        await watcher.caught_up()
        assert journal.seen == [2, 3]
        assert [letter.position for letter in watcher.dead_letters()] == [1]


@scene
async def test_it_may_stop_at_what_fails() -> None:
    """With `on_failure="stop"` it goes no further, says why, and tries again when it is told to."""
    journal = Journal()
    journal.faults = {2: -1}
    async with open_bank(None, Stopper, services=[journal]) as engine:
        await deposit(engine, 3)
        stopper = engine.subscription(Stopper)
        await in_time(lambda: stopper.statistics().state == "failed")
        assert (journal.seen, journal.tried[2], stopper.position) == ([1], 2, 1)
        assert "Deposited at position 2 raised ValueError" in (stopper.statistics().failure or "")
        with pytest.raises(SubscriptionStopped, match="stopper stands at position 1: its handler of Deposited"):
            await stopper.caught_up()
        stopper.resume()
        with pytest.raises(SubscriptionStopped, match="mend it, then resume"):
            await stopper.caught_up()
        assert (journal.tried[2], stopper.statistics().state) == (4, "failed")
        await stopper.caught_up(1)
        journal.faults.clear()
        stopper.resume()
        await stopper.caught_up()
        assert (journal.seen, stopper.statistics().failure) == ([1, 2, 3], None)


@scene
async def test_too_many_dead_letters_stop_it() -> None:
    """Where everything fails it is not the events that are wrong: the log is not put aside as a whole."""

    class Few(Watcher, name="few", dead_letters_max=2, retry_max=0):
        pass

    journal = Journal()
    journal.faults = dict.fromkeys(range(1, 9), -1)
    async with open_bank(None, Few, services=[journal]) as engine:
        await deposit(engine, 8)
        few = engine.subscription(Few)
        await in_time(lambda: few.statistics().state == "failed")
        assert [letter.position for letter in few.dead_letters()] == [1, 2]
        assert "there are 2 dead letters (dead_letters_max)" in (few.statistics().failure or "")
        journal.faults.clear()
        few.resume()
        await few.caught_up()
        assert journal.seen == [3, 4, 5, 6, 7, 8]


@scene
async def test_a_handler_may_be_cancelled_by_itself() -> None:
    """`CancelledError` out of a handler is a failure like any other when nobody has cancelled it."""
    tried: list[int] = []

    class Cancelling(Subscription, retry_seconds_min=0.001):
        @handle
        async def deposited(self, event: Deposited) -> None:
            tried.append(event.amount)
            if len(tried) == 1:
                raise asyncio.CancelledError

    async with open_bank(None, Cancelling) as engine:
        await deposit(engine, 2)
        await engine.subscription(Cancelling).caught_up()
        assert tried == [1, 1, 2]


@scene
async def test_a_log_that_can_not_be_read_is_tried_again() -> None:
    """It is no event's fault: nothing is put aside, and when the log can be read again it goes on."""
    journal, log = Journal(), FaultyLog(MemoryLog())
    async with open_bank(log, Watcher, services=[journal]) as engine:
        watcher = engine.subscription(Watcher)
        await turns(20)
        log.read_error = StorageError("the disk is on holiday")
        await deposit(engine, 2)
        await in_time(lambda: watcher.statistics().retries >= 3)
        assert watcher.statistics().failure == "StorageError: the disk is on holiday"
        assert (watcher.position, watcher.statistics().dead_letters) == (0, 0)
        log.read_error = None
        await watcher.caught_up()
        assert journal.seen == [1, 2]


@scene
async def test_a_bookmark_that_can_not_be_written_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing further is handled meanwhile: what a crash brings back stays one batch. With room again it goes on."""

    class Full(MemoryBookmarks):  # type: ignore[misc]  # final for everybody else
        full = False

        def save(self, bookmark: Bookmark, updated_ns: int) -> None:
            if Full.full:
                raise StoreFull("the disk is full")
            super().save(bookmark, updated_ns)

    monkeypatch.setattr(subscriptions, "MemoryBookmarks", Full)
    journal = Journal()
    async with open_bank(None, Small, services=[journal]) as engine:
        small = engine.subscription(Small)
        await deposit(engine, 2)
        await in_time(lambda: small.statistics().bookmark == 2)  # which is a moment after `caught_up`
        Full.full = True
        await deposit(engine, 6)
        await in_time(lambda: small.statistics().retries >= 4)
        assert journal.seen in ([1, 2, 3], [1, 2, 3, 4])
        assert small.statistics().bookmark == 2
        assert small.statistics().failure == "StoreFull: the disk is full"
        waiting = asyncio.create_task(small.caught_up(len(journal.seen)), name="waiting")
        await turns(20)
        Full.full = False
        await waiting
        await small.caught_up()
        assert journal.seen == [1, 2, 3, 4, 5, 6, 7, 8]


@scene
async def test_what_must_be_prepared_is_tried_again() -> None:
    """`open` of the user's class gets the services, again until it succeeds; `close` is called at the end."""
    calls: list[object] = []

    class Prepared(Subscription, name="prepared", retry_seconds_min=0.001):
        async def open(self, services: object) -> None:
            calls.append(services)
            if len(calls) < 3:
                raise ConnectionError("nobody there")

        async def close(self) -> None:
            calls.append("closed")

        @handle
        async def deposited(self, event: Deposited) -> None:
            calls.append(event.amount)

    async with open_bank(None, Prepared, services=["mine"]) as engine:
        await deposit(engine, 1)
        await engine.subscription(Prepared).caught_up()
        assert calls[3:] == [1]
        assert all("mine" in services for services in calls[:3])  # type: ignore[operator]
    assert calls[-1] == "closed"


class Database:
    """Something that may be away.

    Attributes:
        error: what those get who come.
        came: how many have come.
    """

    def __init__(self, error: Exception | None) -> None:
        """Away, or there."""
        self.error = error
        self.came = 0


class Dependent(Watcher, name="dependent", retry_seconds_min=0, retry_seconds_max=0, retry_max=2):
    """Needs a database to open."""

    async def open(self, services: Sequence[object]) -> None:
        """Knock."""
        (database,) = (service for service in services if isinstance(service, Database))
        database.came += 1
        if database.error is not None:
            raise database.error


@pytest.mark.parametrize(
    ("error", "attempts"), [(ConnectionError("nobody there"), 3), (TypeError("'NoneType' has no len"), 1)]
)
@scene
async def test_what_can_not_be_opened_is_failed_until_it_can(
    error: Exception, attempts: int, caplog: pytest.LogCaptureFixture
) -> None:
    """After its retries, or at once if its code is wrong: with the error, an alert, and attempts that go on."""
    journal, database, alerts = Journal(), Database(error), list[Alert]()
    engine = Engine.open(
        MemoryLog(),
        Account,
        Dependent,
        services=[HeldAssessor(), journal, database],
        alerts=[alerts.append],
        options=Options(gc_policy="none"),
    )
    async with engine:
        await deposit(engine, 1)
        dependent = engine.subscription(Dependent)
        await in_time(lambda: dependent.statistics().state == "failed")
        assert database.came >= attempts
        assert caplog.text.count("subscription dependent can't be opened: ") == 1
        refused = [record for record in caplog.records if record.getMessage().endswith("; it tries again")]
        assert len(refused) >= attempts
        failure = dependent.statistics().failure
        assert failure is not None
        assert failure.startswith(f"its open() raised {type(error).__name__}: {error} (attempt ")
        engine._open_core().monitor.look()
        assert [(alert.before, alert.state) for alert in alerts] == [("catching up", "failed")]
        assert str(error) in alerts[0].reason
        before = database.came
        await in_time(lambda: database.came > before)
        database.error = None
        await dependent.caught_up()
        assert journal.seen == [1]
        engine._open_core().monitor.look()
        assert [(alert.before, alert.state) for alert in alerts[1:]] == [("failed", "live")]
        assert dependent.statistics().failure is None


@scene
async def test_a_failed_attempt_to_open_is_no_failure_yet() -> None:
    """As long as there are retries left it is trouble, and the state says nothing worse."""
    journal, database = Journal(), Database(ConnectionError("nobody there"))

    class Patient(Dependent, name="patient", retry_max=1_000_000, retry_seconds_min=0, retry_seconds_max=0):
        """Tries for long."""

    async with open_bank(None, Patient, services=[journal, database]) as engine:
        await deposit(engine, 1)
        await in_time(lambda: database.came > 5)
        statistics = engine.subscription(Patient).statistics()
        assert statistics.state != "failed"
        assert statistics.failure == "ConnectionError: nobody there"
        database.error = None
        await engine.subscription(Patient).caught_up()


@scene
async def test_what_can_not_be_made_leaves_nothing_open(tmp_path: Path) -> None:
    """A class whose constructor raises does not open, and neither its lock nor its thread stays."""

    class Unmade(Watcher, name="watcher"):
        def __init__(self) -> None:
            raise RuntimeError("not today")

    with pytest.raises(RuntimeError, match="not today"):
        await open_bank(tmp_path, Unmade, services=[Journal()])
    assert engine_threads() == []
    await (await open_bank(tmp_path, Watcher, services=[Journal()])).close()


@scene
async def test_reset_and_retry_find_it_prepared(tmp_path: Path) -> None:
    """Also one that was paused since opening, so that its `open` was not called yet; `close` is, if `open` fails."""
    calls: list[str] = []

    class Prepared(Watcher, name="prepared", retry_max=0):
        async def open(self, services: object) -> None:
            calls.append("open")
            if len(calls) > 5:
                raise ConnectionError("nobody there")

        async def close(self) -> None:
            calls.append("close")

    journal = Journal()
    journal.faults = {1: 1, 2: 1}
    async with open_bank(tmp_path, Prepared, services=[journal]) as engine:
        await deposit(engine, 2)
        await engine.subscription(Prepared).caught_up()
    async with open_bank(tmp_path, Prepared, services=[journal]) as engine:
        engine.subscription(Prepared).pause()
        await engine.subscription(Prepared).retry(1)
        await engine.subscription(Prepared).reset(1)
    assert calls == ["open", "close", "open", "close"]
    calls *= 2
    async with open_bank(tmp_path, Prepared, services=[journal]) as engine:
        engine.subscription(Prepared).pause()
        with pytest.raises(ConnectionError, match="nobody there"):
            await engine.subscription(Prepared).reset(0)
        assert engine.subscription(Prepared).position == 1
    assert calls[8:] == ["open", "close"]


@scene
async def test_a_dead_task_is_a_failure_that_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever cancels the task of a subscription has not stopped it unnoticed; `resume` starts another one."""
    journal = Journal()
    async with open_bank(None, Watcher, services=[journal]) as engine:
        await deposit(engine, 1)
        watcher = engine.subscription(Watcher)
        await watcher.caught_up()
        (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "actum subscription watcher")
        task.cancel()
        await turns(5)
        assert watcher.statistics().state == "failed"
        assert "its task is dead: it was cancelled" in caplog.text
        await deposit(engine, 1)
        assert (watcher.statistics().lag, journal.seen) == (1, [1])
        watcher.resume()
        await watcher.caught_up()
        assert journal.seen == [1, 2]


@scene
async def test_batches_are_as_large_as_they_may_be(tmp_path: object) -> None:
    """The bookmark is written once for so many events; events that nobody wants cost no writing of their own."""
    journal = Journal()
    async with open_bank(tmp_path) as engine:
        await deposit(engine, 5)
        for _ in range(50):
            await engine.send(Note(account_id="a", text="x"))
    async with open_bank(tmp_path, Small, Watcher, services=[journal]) as engine:
        for subscription, batches in ((Small, 3), (Watcher, 1)):
            await engine.subscription(subscription).caught_up()
            assert engine.subscription(subscription).statistics().batches == batches
        assert engine.subscription(Small).position == 55
        for _ in range(20):
            await engine.send(Note(account_id="a", text="x"))
        await engine.subscription(Small).caught_up()
        statistics = engine.subscription(Small).statistics()
        assert (statistics.position, statistics.bookmark) == (75, 55)
    async with open_bank(tmp_path, Small, Watcher, services=[journal]) as engine:
        assert engine.subscription(Small).statistics().bookmark == 75
