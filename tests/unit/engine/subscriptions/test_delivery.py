"""Batches with something around them: a transaction that is undone, a bookmark that lies in it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from actum import Bookmark, DeadLetter, Invalid, Record, Subscription, handle
from actum.subscriptions.delivery import backoff_seconds

from tests.support.bank import Deposit, DepositEach, Deposited, Withdraw, open_bank
from tests.support.scenes import in_time, scene, turns
from tests.support.subscribers import Journal, Watcher


class Database:
    """An application's own database, with a row for each event and a bookmark.

    Attributes:
        faults: how often the event at a position still fails, after its row was written.
        commit_faults: how often a commit still fails.
        unheard: how often a commit still succeeds, and its caller is told that it failed.
        free: cleared to hold handlers, and whoever waits for the answer of a commit.
    """

    def __init__(self, path: Path) -> None:
        """Make the tables."""
        self.free = asyncio.Event()
        self.free.set()
        self.connection = sqlite3.connect(path / "application.db", isolation_level=None)
        self.connection.execute("CREATE TABLE IF NOT EXISTS amounts (position INTEGER, amount INTEGER)")
        self.connection.execute("CREATE TABLE IF NOT EXISTS bookmark (store TEXT, position INTEGER, hash BLOB)")
        self.connection.execute("CREATE TABLE IF NOT EXISTS letters (position INTEGER PRIMARY KEY, letter BLOB)")
        self.faults: dict[int, int] = {}
        self.commit_faults = 0
        self.unheard = 0

    def commit(self) -> None:
        """Commit, unless that is to fail."""
        if self.commit_faults:
            self.commit_faults -= 1
            raise ConnectionError("the commit failed")
        self.connection.execute("COMMIT")
        if self.unheard:
            self.unheard -= 1
            raise ConnectionError("the commit succeeded, and the answer was lost")

    def amounts(self) -> list[tuple[int, int]]:
        """All rows."""
        return list(self.connection.execute("SELECT position, amount FROM amounts ORDER BY rowid"))


class Ledger(Subscription, name="ledger", retry_seconds_min=0.001, retry_max=2):
    """Writes each deposit into the application's database exactly once: the bookmark is in the same transaction."""

    database: Database

    async def open(self, services: object) -> None:
        """Find the database."""
        (self.database,) = (service for service in services if isinstance(service, Database))  # type: ignore[attr-defined]

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """A transaction."""
        connection = self.database.connection
        connection.execute("BEGIN")
        try:
            yield
            self.database.commit()
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    async def load_bookmark(self) -> Bookmark | None:
        """From the application's database."""
        row = self.database.connection.execute("SELECT store, position, hash FROM bookmark").fetchone()
        return None if row is None else Bookmark(*row)

    async def save_bookmark(self, bookmark: Bookmark) -> None:
        """Into the same transaction."""
        self.database.connection.execute("DELETE FROM bookmark")
        self.database.connection.execute("INSERT INTO bookmark VALUES (?, ?, ?)", bookmark)

    @handle
    async def deposited(self, event: Deposited, record: Record, database: Database) -> None:
        """No upsert: a second time would be seen."""
        database.connection.execute("INSERT INTO amounts VALUES (?, ?)", (record.position, event.amount))
        left = database.faults.get(record.position, 0)
        if left:
            database.faults[record.position] = left - 1
            raise ValueError("not now")
        await database.free.wait()


class Patient(Ledger, name="patient", retry_seconds_min=60.0, retry_seconds_max=60.0):
    """Waits long before it tries again."""


class Lettered(Ledger, name="lettered", retry_max=0, retry_seconds_min=0.001):
    """Keeps its dead letters in the application's database as well."""

    async def load_dead_letters(self) -> list[DeadLetter]:
        """All."""
        rows = self.database.connection.execute("SELECT letter FROM letters ORDER BY position")
        return [msgspec.msgpack.decode(row[0], type=DeadLetter) for row in rows]

    async def save_dead_letter(self, letter: DeadLetter) -> None:
        """In the transaction."""
        row = letter.position, msgspec.msgpack.encode(letter)
        self.database.connection.execute("INSERT OR REPLACE INTO letters VALUES (?, ?)", row)

    async def drop_dead_letter(self, position: int) -> bool:
        """In the transaction."""
        return self.database.connection.execute("DELETE FROM letters WHERE position = ?", [position]).rowcount == 1


@pytest.mark.parametrize(
    ("faults", "commit_faults", "missing"),
    [({}, 0, []), ({4: 1}, 0, []), ({1: 2, 3: 1, 4: 1}, 0, []), ({}, 3, []), ({3: -1}, 1, [3]), ({7: 1}, 7, [])],
)
@scene
async def test_each_event_takes_effect_once(
    faults: dict[int, int], commit_faults: int, missing: list[int], tmp_path: Path
) -> None:
    """Whatever fails, an event's row is there once, or it is a dead letter; after reopening nothing comes again."""
    database = Database(tmp_path)
    database.faults, database.commit_faults = faults, commit_faults
    async with open_bank(tmp_path / "store") as engine:
        for amount in range(10, 17):
            await engine.send(Deposit(account_id="a", amount=amount))
    expected = [(position, position + 9) for position in range(1, 8) if position not in missing]
    for _ in range(2):
        async with open_bank(tmp_path / "store", Ledger, services=[database]) as engine:
            ledger = engine.subscription(Ledger)
            await ledger.caught_up()
            assert database.amounts() == expected
            assert [letter.position for letter in ledger.dead_letters()] == missing
            assert ledger.statistics().bookmark == 7
    if missing:
        database.faults.clear()
        async with open_bank(tmp_path / "store", Ledger, services=[database]) as engine:
            await engine.subscription(Ledger).retry(3)
            assert database.amounts()[-1] == (3, 12)
    database.connection.close()


@scene
async def test_a_kept_bookmark_does_not_go_back_when_a_commit_was_not_heard_of(tmp_path: Path) -> None:
    """Closing writes no bookmark while it is not known where it lies: what was committed would be handled again."""
    database = Database(tmp_path)
    async with open_bank(tmp_path / "store", Patient, services=[database]) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
        patient = engine.subscription(Patient)
        await patient.caught_up()
        await engine.send(Withdraw(account_id="a", amount=1))  # it does not want this, and goes past it
        await in_time(lambda: patient.position == 2)
        database.unheard = 1
        await engine.send(Deposit(account_id="a", amount=3))
        await in_time(lambda: len(database.amounts()) == 2)
        await turns()
    async with open_bank(tmp_path / "store", Patient, services=[database]) as engine:
        await engine.subscription(Patient).caught_up()
        assert database.amounts() == [(1, 1), (3, 3)]
    database.connection.close()


@scene
async def test_a_dead_letter_takes_effect_once_when_a_commit_was_not_heard_of(tmp_path: Path) -> None:
    """A retry that was committed is not buried again, and another retry is refused: there is no such letter."""
    database = Database(tmp_path)
    database.faults = {1: 1}
    async with open_bank(tmp_path / "store", Lettered, services=[database]) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
        lettered = engine.subscription(Lettered)
        await lettered.caught_up()
        assert [letter.position for letter in lettered.dead_letters()] == [1]
        database.unheard = 1
        with pytest.raises(ConnectionError):
            await lettered.retry(1)
        assert lettered.dead_letters() == []
        with pytest.raises(Invalid, match="has no dead letter at position 1"):
            await lettered.retry(1)
        assert database.amounts() == [(1, 1)]
    database.connection.close()


class Distant(Ledger, name="distant"):
    """Its database is far away: a commit is done before its answer comes."""

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """A transaction."""
        async with super().batch():
            self.database.free.set()
            yield
        self.database.free.clear()
        await self.database.free.wait()


@scene
async def test_a_kept_bookmark_does_not_go_back_when_a_commit_is_cancelled(tmp_path: Path) -> None:
    """Closing that can't wait for the answer of a commit does not know whether it was done, and writes no bookmark."""
    database = Database(tmp_path)
    async with open_bank(tmp_path / "store", Distant, services=[database], close_seconds_max=0.01) as engine:
        distant = engine.subscription(Distant)
        await in_time(lambda: not database.free.is_set())  # its first bookmark
        database.free.set()
        await distant.caught_up()
        await engine.send(DepositEach(account_id="b", amounts=[1]), command_id="seen")
        await in_time(lambda: len(database.amounts()) == 1 and not database.free.is_set())
        database.free.set()
        await distant.caught_up()
        await engine.send(Withdraw(account_id="b", amount=1))  # it does not want this, and goes past it
        await in_time(lambda: distant.position == 2)
        await engine.send(Deposit(account_id="a", amount=3))
        await in_time(lambda: len(database.amounts()) == 2 and not database.free.is_set())
    async with open_bank(tmp_path / "store", Ledger, services=[database]) as engine:
        database.free.set()
        await engine.subscription(Ledger).caught_up()
        assert database.amounts() == [(1, 1), (3, 3)]
    database.connection.close()


@scene
async def test_one_batch_at_a_time(tmp_path: Path) -> None:
    """A dead letter is dropped between two batches, not inside one: a transaction has no other one in it."""
    database = Database(tmp_path)
    database.faults = {1: 1}
    async with open_bank(tmp_path / "store", Lettered, services=[database]) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
        lettered = engine.subscription(Lettered)
        await lettered.caught_up()
        database.free.clear()
        await engine.send(Deposit(account_id="a", amount=2))
        await in_time(lambda: database.connection.in_transaction)
        dropping = asyncio.create_task(lettered.drop(1))
        await turns()
        assert not dropping.done()
        database.free.set()
        await dropping
        await lettered.caught_up()
        assert (lettered.dead_letters(), database.amounts()) == ([], [(2, 2)])
    database.connection.close()


@scene
async def test_a_kept_bookmark_can_be_reset(tmp_path: Path) -> None:
    """A reset moves the bookmark in the application's database."""
    database = Database(tmp_path)
    async with open_bank(tmp_path / "store", Ledger, services=[database]) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
        ledger = engine.subscription(Ledger)
        await ledger.caught_up()
        ledger.pause()
        await ledger.reset()
        assert database.connection.execute("SELECT position FROM bookmark").fetchall() == [(0,)]
        ledger.resume()
        await ledger.caught_up()
        assert database.amounts() == [(1, 1), (1, 1)]
    database.connection.close()


@scene
async def test_a_kept_bookmark_of_another_store_stops_it(tmp_path: Path) -> None:
    """A database that belongs to another store is not written to: the subscription has failed, and says why."""
    database = Database(tmp_path)
    for store in ("first", "second"):
        async with open_bank(tmp_path / store, Ledger, services=[database]) as engine:
            await engine.send(Deposit(account_id="a", amount=1))
            ledger = engine.subscription(Ledger)
            if store == "first":
                await ledger.caught_up()
                continue
            await in_time(lambda ledger=ledger: ledger.statistics().state == "failed")  # type: ignore[misc]  # bound now
            assert "the bookmark of subscription ledger belongs to store" in (ledger.statistics().failure or "")
            assert database.amounts() == [(1, 1)]
    database.connection.close()


def test_each_wait_is_longer_and_none_is_too_long() -> None:
    """Twice as long each time, less up to a half, up to the longest; others wait differently; the same comes again."""
    waits = [backoff_seconds("mailer", 7, attempts, 0.1, 30.0) for attempts in range(1, 80)]
    for attempts, seconds in enumerate(waits, 1):
        longest = min(30.0, 0.1 * 2 ** (attempts - 1))
        assert longest / 2 <= seconds <= longest
    assert waits == [backoff_seconds("mailer", 7, attempts, 0.1, 30.0) for attempts in range(1, 80)]
    assert waits[0] != backoff_seconds("other", 7, 1, 0.1, 30.0)
    assert backoff_seconds("mailer", 7, 10_000, 5.0, 1.0) <= 1.0


@scene
async def test_handlers_that_never_wait_leave_the_loop_to_others() -> None:
    """A large batch of plain handlers does not keep the loop: there is a turn after at most a hundred of them."""
    between: list[int] = []
    handled = 0

    class Busy(Subscription, name="busy", batch_max=1_000):
        @handle
        def deposited(self, event: Deposited) -> None:
            nonlocal handled
            handled += 1

    async def count() -> None:
        while True:
            between.append(handled)
            await asyncio.sleep(0)

    async with open_bank(None, Busy) as engine:
        engine.subscription(Busy).pause()
        await engine.send_many([Deposit(account_id="a", amount=1)] * 1_000)
        counting = asyncio.create_task(count(), name="counting")
        engine.subscription(Busy).resume()
        await engine.subscription(Busy).caught_up()
        counting.cancel()
        assert engine.subscription(Busy).statistics().batches == 1
    assert max(after - before for before, after in pairwise(between)) <= 100


@scene
async def test_a_kept_bookmark_that_can_not_be_written_is_waited_for() -> None:
    """Without a transaction what was handled stays handled, and nothing further is handled before the bookmark is."""
    seen: list[int] = []
    kept: list[Bookmark] = []
    tried: list[int] = []

    class Outside(Subscription, name="outside", batch_max=2, retry_seconds_min=0.001, retry_seconds_max=0.001):
        async def load_bookmark(self) -> Bookmark | None:
            return kept[-1] if kept else None

        async def save_bookmark(self, bookmark: Bookmark) -> None:
            tried.append(bookmark.position)
            if 2 <= len(tried) <= 5:
                raise ConnectionError("nobody there")
            kept.append(bookmark)

        @handle
        def deposited(self, event: Deposited, record: Record) -> None:
            seen.append(record.position)

    async with open_bank(None, Outside) as engine:
        await engine.send_many([Deposit(account_id="a", amount=1)] * 6)
        await engine.subscription(Outside).caught_up()
    assert seen == [1, 2, 3, 4, 5, 6]
    assert tried == [0, 2, 2, 2, 2, 2, 4, 6]


@scene
async def test_a_batch_that_swallows_is_found_out(caplog: pytest.LogCaptureFixture) -> None:
    """If `batch` lets an exception vanish, the event counts as failed all the same."""

    class Swallowing(Subscription, name="swallowing", retry_max=0):
        @asynccontextmanager
        async def batch(self) -> AsyncIterator[None]:
            with suppress(ValueError):
                yield

        @handle
        async def deposited(self, event: Deposited) -> None:
            raise ValueError("lost?")

    async with open_bank(None, Swallowing) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
        swallowing = engine.subscription(Swallowing)
        await swallowing.caught_up()
        (letter,) = swallowing.dead_letters()
        assert "batch() swallowed the exception" in letter.error


@scene
async def test_an_outage_makes_no_dead_letter() -> None:
    """What `is_outage` recognises is tried again for ever, whatever `retry_max` says; then the event is handled."""

    class Patient(Watcher, name="patient", retry_max=0, retry_seconds_min=0.001, retry_seconds_max=0.001):
        def is_outage(self, error: Exception) -> bool:
            return isinstance(error, ValueError)

    journal = Journal()
    journal.faults = {2: 7}
    async with open_bank(None, Patient, services=[journal]) as engine:
        await engine.send(DepositEach(account_id="a", amounts=[1, 2, 3]))
        patient = engine.subscription(Patient)
        await patient.caught_up()
        assert patient.dead_letters() == []
        assert (journal.tried[2], journal.seen) == (8, [1, 2, 3])
