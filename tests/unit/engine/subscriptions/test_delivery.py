"""Batches with something around them: a transaction that is undone, a bookmark that lies in it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from actum import Bookmark, Record, Subscription, handle
from actum.subscriptions.delivery import backoff_seconds

from tests.support.bank import Deposit, Deposited, open_bank
from tests.support.scenes import in_time, scene


class Database:
    """An application's own database, with a row for each event and a bookmark.

    Attributes:
        faults: how often the event at a position still fails, after its row was written.
        commit_faults: how often a commit still fails.
    """

    def __init__(self, path: Path) -> None:
        """Make the tables."""
        self.connection = sqlite3.connect(path / "application.db", isolation_level=None)
        self.connection.execute("CREATE TABLE IF NOT EXISTS amounts (position INTEGER, amount INTEGER)")
        self.connection.execute("CREATE TABLE IF NOT EXISTS bookmark (store TEXT, position INTEGER, hash BLOB)")
        self.faults: dict[int, int] = {}
        self.commit_faults = 0

    def commit(self) -> None:
        """Commit, unless that is to fail."""
        if self.commit_faults:
            self.commit_faults -= 1
            raise ConnectionError("the commit failed")
        self.connection.execute("COMMIT")

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
