"""`actum.follow`: subscriptions in a process of their own: beside an engine in another one, killed, refused."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest
from actum import (
    CatalogueError,
    EngineClosed,
    Event,
    Invalid,
    Options,
    StoreFailed,
    StoreMismatch,
    Subscription,
    SubscriptionInUse,
    follow,
    handle,
    open_store,
    upcast,
)
from actum_storage import BookmarkFile

from tests.support.bank import Balances, Deposit, Deposited, Note, Noted, Withdraw, open_bank
from tests.support.processes import ENVIRONMENT, Conversation
from tests.support.scenes import scene, turns
from tests.support.subscribers import Journal, Watcher


class OldDeposited(Event):
    """What a deposit was once."""

    account_id: str
    amount: int


class Part(Event, tag="Deposited"):
    """As much of a deposit as one follower wants to know."""

    account_id: str


class Renamed(Event, tag="Deposited"):
    """A deposit whose field has another name than the log says."""

    account_id: str
    total: int


#: An engine that deposits as much as it is told, one event for each line.
ENGINE = """
    import asyncio, sys
    import actum
    from tests.support.bank import Deposit, open_bank

    async def main():
        async with open_bank(sys.argv[1]) as engine:
            print("open", flush=True)
            while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
                receipts = await engine.send_many([Deposit(account_id=f"a{n % 5}", amount=1) for n in range(int(line))])
                print(receipts[-1].position, flush=True)

    actum.run(main())
"""

#: A follower that writes each position that it sees to a file, and goes on until it is ended.
FOLLOWER = """
    import os, sys
    import actum
    from actum import Record, Subscription, handle
    from tests.support.bank import Deposited

    class Writer(Subscription, name="writer", batch_max=3):
        @handle
        def deposited(self, event: Deposited, record: Record) -> None:
            os.write(seen, b"%d\\n" % record.position)

    async def main():
        async with actum.follow(sys.argv[1], Writer) as follower:
            os.write(1, b"following\\n")
            await follower.run()

    seen = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    actum.run(main())
"""


def following(store: Path, seen: Path) -> subprocess.Popen[str]:
    """A follower's process, at work."""
    process = subprocess.Popen(
        [sys.executable, "-c", dedent(FOLLOWER), store, seen], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "following\n"
    return process


def ended(process: subprocess.Popen[str], number: int) -> int:
    """The exit status after a signal."""
    process.send_signal(number)
    status = process.wait(30)
    assert process.stdout is not None
    process.stdout.close()
    return status


def positions(seen: Path) -> list[int]:
    """What a follower has seen."""
    return [int(line) for line in seen.read_text().splitlines()] if seen.exists() else []


@scene
async def test_it_follows_a_running_engine(tmp_path: Path) -> None:
    """What another process writes is handled here, what it wrote before and what it writes meanwhile."""
    journal = Journal()
    with Conversation(ENGINE, tmp_path) as engine:
        assert engine.first_line == "open"
        engine.ask("3")
        async with follow(tmp_path, Watcher, services=[journal], options=Options(poll_seconds=0.001)) as follower:
            watcher = follower.subscription(Watcher)
            await watcher.caught_up()
            assert journal.seen == [1, 2, 3]
            for count, position in ((1, 4), (10, 14), (1_000, 1_014)):
                assert await asyncio.to_thread(engine.ask, str(count)) == str(position)
                await watcher.caught_up(position)
            assert journal.seen == list(range(1, 1_015))
            statistics = follower.statistics()
            assert (statistics.head, statistics.alerts, statistics.alerts_raised) == (1_014, (), 0)
            assert statistics.subscriptions[0].state == "live"
            assert repr(follower) == f"<Follower {tmp_path} head 1014>"


def test_nothing_is_skipped_when_it_is_killed(tmp_path: Path) -> None:
    """A follower that is killed at any moment misses no event; at most a batch comes twice, in order."""
    store, seen, chance = tmp_path / "store", tmp_path / "seen", random.Random(5)
    with Conversation(ENGINE, store) as engine:
        total, again = 0, 0
        for _ in range(8):
            process = following(store, seen)
            for _ in range(chance.randrange(1, 4)):
                total += (count := chance.choice((1, 7, 300)))
                engine.ask(str(count))
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.random() * 0.05)
            assert ended(process, signal.SIGKILL) == -signal.SIGKILL
            again += 1
    process = following(store, seen)
    while positions(seen)[-1:] != [total]:
        assert process.poll() is None
    assert ended(process, signal.SIGTERM) == 128 + signal.SIGTERM
    found = positions(seen)
    assert list(dict.fromkeys(found)) == list(range(1, total + 1))
    steps = [after - before for before, after in pairwise(found)]
    assert all(step == 1 or -3 < step <= 0 for step in steps)
    assert len(found) - total <= 3 * again


@scene
async def test_it_ends_where_it_is_told_to(tmp_path: Path) -> None:
    """After SIGTERM the bookmark is where the follower was: nothing comes twice."""
    seen = tmp_path / "seen"
    async with open_bank(tmp_path / "store") as engine:
        await engine.send_many([Deposit(account_id="a", amount=1)] * 50)
    for _ in range(2):
        process = following(tmp_path / "store", seen)
        while positions(seen)[-1:] != [50]:
            assert process.poll() is None
        assert ended(process, signal.SIGTERM) == 143
    assert positions(seen) == list(range(1, 51))


@scene
async def test_one_place_runs_a_subscription(tmp_path: Path) -> None:
    """An engine and a follower, or two followers, can't run the same subscription; another one they can."""
    await (await open_bank(tmp_path)).close()
    file = BookmarkFile.open(tmp_path / "subscriptions", "watcher")
    with pytest.raises(SubscriptionInUse, match="watcher"):
        async with follow(tmp_path, Watcher, services=[Journal()]):
            pass
    file.close()
    async with follow(tmp_path, Watcher, services=[Journal()]):
        with pytest.raises(SubscriptionInUse, match="this one"):
            BookmarkFile.open(tmp_path / "subscriptions", "watcher")


@scene
async def test_what_it_does_not_know_it_does_not_need(tmp_path: Path) -> None:
    """A follower has the events that it handles and no others; upcasters are those of the engine."""

    class Notes(Subscription, name="notes"):
        @handle
        def noted(self, event: Noted) -> None:
            seen.append(event.text)

    @upcast
    def in_parts(event: OldDeposited) -> list[Deposited]:
        return [Deposited(account_id=event.account_id, amount=event.amount)]

    seen: list[str] = []
    async with open_bank(tmp_path) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
        await engine.send(Note(account_id="a", text="x"))
        await engine.send(Withdraw(account_id="a", amount=1))
    async with follow(tmp_path, Notes, upcasters=[in_parts]) as follower:
        await follower.subscription(Notes).caught_up()
    assert seen == ["x"]


@scene
async def test_what_it_is_given(tmp_path: Path) -> None:
    """Subscriptions only, and a store that is there; what is wrong is said before anything is opened."""
    with pytest.raises(Invalid, match="follow takes Subscription classes"):
        follow(tmp_path, Balances)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="one at least"):
        follow(tmp_path)
    with pytest.raises(CatalogueError, match="Watcher.deposited needs a service Journal"):
        follow(tmp_path, Watcher)
    with pytest.raises(StoreMismatch, match="no such directory"):
        async with follow(tmp_path / "nowhere", Watcher, services=[Journal()]):
            pass
    await (await open_bank(tmp_path / "store")).close()
    follower = follow(tmp_path / "store", Watcher, services=[Journal()])
    for call in (follower.statistics, lambda: follower.subscription(Watcher)):
        with pytest.raises(EngineClosed, match="not open"):
            call()
    with pytest.raises(EngineClosed, match="not open"):
        await follower.run()
    async with follower:
        with pytest.raises(EngineClosed, match="opened already"):
            await follower.__aenter__()
        with pytest.raises(Invalid, match="does not run here"):
            follower.subscription(Subscription)
    with pytest.raises(EngineClosed, match="not open"):
        follower.statistics()


@scene
async def test_classes_that_can_not_read_the_log(tmp_path: Path) -> None:
    """They are refused at opening, as by the engine, without a word in the store; those with fewer fields are not."""

    class Fewer(Subscription, name="fewer"):
        @handle
        def deposited(self, event: Part, journal: Journal) -> None:
            journal.seen.append(len(event.account_id))

    class Later(Subscription, name="later", retry_max=0, retry_seconds_min=0.001):
        @handle
        def deposited(self, event: Renamed) -> None:
            raise AssertionError("it can't be read")

    async with open_bank(tmp_path) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
    with open_store(tmp_path) as store:
        schemas = store.schemas()
    with pytest.raises(
        StoreMismatch, match="the classes given to follow can't read:\n  'Deposited', at position 1 "
    ) as at:
        async with follow(tmp_path, Later):
            pass
    assert "$.total: " in str(at.value)
    journal = Journal()
    async with follow(tmp_path, Fewer, services=[journal]) as follower:
        await follower.subscription(Fewer).caught_up()
    assert journal.seen == [1]
    with open_store(tmp_path) as store:
        assert store.schemas() == schemas


def test_its_faults_are_its_own() -> None:
    """What is wrong with the classes is said in words of `follow`, not of an engine."""
    with pytest.raises(CatalogueError, match=r"^follow can't open: 2 faults(.|\n)*: pass one in services=\[\.\.\.\]$"):
        follow("anywhere", Watcher)


@scene
async def test_it_knows_how_far_the_log_is(tmp_path: Path) -> None:
    """Lag is measured by the log as it is, not as it was when the follower last looked for more."""
    async with open_bank(tmp_path):
        pass
    options = Options(poll_seconds=3_600, lag_events_max=4)
    async with follow(tmp_path, Watcher, services=[Journal()], options=options) as follower:
        code = (
            "import asyncio, sys\n"
            "from tests.support.bank import Deposit, open_bank\n"
            "async def main():\n"
            "    async with open_bank(sys.argv[1]) as engine:\n"
            "        await engine.send_many([Deposit(account_id='a', amount=1)] * 9)\n"
            "asyncio.run(main())\n"
        )
        arguments = [sys.executable, "-c", code, str(tmp_path)]
        done = await asyncio.to_thread(subprocess.run, arguments, env=ENVIRONMENT, check=True)
        assert done.returncode == 0
        statistics = follower.statistics().subscriptions[0]
        assert (statistics.head, statistics.lag) == (9, 9)
        assert statistics.state in ("catching up", "slow")


@scene
async def test_a_store_that_is_replaced_ends_it(tmp_path: Path) -> None:
    """After a compaction the reader would never see anything new: `run` raises, and another follower goes on."""
    async with open_bank(tmp_path) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
    journal = Journal()
    options = Options(poll_seconds=0.001)
    async with follow(tmp_path, Watcher, services=[journal], options=options) as follower:
        await follower.subscription(Watcher).caught_up()
        code = f"import actum; actum.compact_store({str(tmp_path)!r})"
        done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], env=ENVIRONMENT, check=True)
        assert done.returncode == 0
        with pytest.raises(StoreFailed, match="Open it again"):
            await follower.run()
        assert follower.statistics().subscriptions[0].state == "failed"
        assert "Open it again" in (follower.statistics().subscriptions[0].failure or "")
        with pytest.raises(EngineClosed, match="watcher can't go on: .* Open it again"):
            follower.subscription(Watcher).resume()
        with pytest.raises(EngineClosed, match="watcher can't go on"):
            await follower.subscription(Watcher).caught_up(9)
        assert follower.statistics().subscriptions[0].state == "failed"
    async with open_bank(tmp_path) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
    async with follow(tmp_path, Watcher, services=[journal], options=options) as follower:
        await follower.subscription(Watcher).caught_up()
    assert journal.seen == [1, 2]


@scene
async def test_a_paused_one_waits_to_be_told(tmp_path: Path) -> None:
    """It handles nothing until it is resumed, but can be reset, and its dead letters looked after."""
    journal = Journal()
    journal.faults = {2: -1, 3: -1}
    async with open_bank(tmp_path / "bank", Watcher, services=[journal]) as engine:
        for amount in range(1, 5):
            await engine.send(Deposit(account_id="a", amount=amount))
        await engine.subscription(Watcher).caught_up()
        engine.subscription(Watcher).pause()
        await engine.send(Deposit(account_id="a", amount=5))
    again = Journal()
    async with follow(tmp_path / "bank", Watcher, services=[again], paused=True) as follower:
        watcher = follower.subscription(Watcher)
        await turns(100)
        assert (watcher.statistics().state, watcher.position, again.seen) == ("paused", 4, [])
        assert [letter.position for letter in watcher.dead_letters()] == [2, 3]
        await watcher.retry(2)
        await watcher.drop(3)
        assert (again.seen, watcher.dead_letters()) == ([2], [])
        await watcher.reset(3)
        await turns(100)
        assert again.seen == [2]
        watcher.resume()
        await watcher.caught_up()
        assert again.seen == [2, 4, 5]
