"""SQLite by hand, without a library: a table of events in a database with a write-ahead log, every commit synced.

Once as it is written first, a transaction for each command, and once with a transaction for each group of commands.
The versions of accounts and the read model are in memory. The table can be read account by account.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

import actum

from actum_bench.bank import account_of
from actum_bench.measurements.commands import closed_loop
from actum_bench.peers.clients import served
from actum_bench.peers.grouping import Grouping, Kept
from actum_bench.peers.ledger import AMOUNT, Ledger
from actum_bench.results import Sample
from actum_bench.stores import store_path

#: So many threads share the connection, one at a time: while one waits for the disk the next is ready to write.
THREADS = 16

TABLE = """
    CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        account_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        amount INTEGER NOT NULL,
        UNIQUE (account_id, version)
    )
"""
INSERT = "INSERT INTO events VALUES (?, ?, ?, ?)"


class Accounts:
    """Accounts whose every deposit is a transaction of its own."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Nothing yet."""
        self.ledger = Ledger()
        self._database = database
        self._lock = Lock()
        self._position = 0
        self._versions: dict[str, int] = {}

    def deposit(self, account_id: str, amount: int) -> int:
        """Decide, keep, show; the position."""
        if amount <= 0:
            raise ValueError("amount must be positive")
        with self._lock:
            position = self._position + 1
            version = self._versions.get(account_id, 0) + 1
            self._database.execute(INSERT, (position, account_id, version, amount))  # commits by itself
            self._position, self._versions[account_id] = position, version
            self.ledger.deposited(account_id, amount)
        return position


def each(*, clients: int, commands: int, accounts: int, directory: str | None) -> Sample:
    """A transaction for each command."""
    with database(directory) as opened:
        bank = Accounts(opened)
        sample = served(
            lambda client, step: bank.deposit(account_of(client, step, accounts), AMOUNT),
            lambda: None,
            clients=clients,
            commands=commands,
            threads=THREADS,
        )
        return Sample(sample.values, bank.ledger.checks(sample.values["sent"], stored_in(opened)))


def grouped(*, clients: int, commands: int, accounts: int, directory: str | None) -> Sample:
    """A transaction for each group; clients as tasks of one loop."""

    async def main(opened: sqlite3.Connection) -> Sample:
        def keep(events: Sequence[Kept]) -> None:
            opened.execute("BEGIN")
            opened.executemany(INSERT, events)
            opened.execute("COMMIT")

        grouping = Grouping(keep)

        def send(client: int, step: int) -> asyncio.Future[int]:
            return grouping.send(account_of(client, step, accounts), AMOUNT)

        sample = await closed_loop(send, clients=clients, commands=commands)
        return Sample(sample.values, grouping.ledger.checks(sample.values["sent"], stored_in(opened)))

    with database(directory) as opened:
        return actum.run(main(opened))


@contextmanager
def database(directory: str | None) -> Generator[sqlite3.Connection]:
    """A new database that loses nothing when the power goes."""
    with (
        store_path(directory) as path,
        closing(sqlite3.connect(Path(path) / "bank.db", isolation_level=None, check_same_thread=False)) as opened,
    ):
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("PRAGMA synchronous = FULL")
        opened.execute(TABLE)
        yield opened


def stored_in(opened: sqlite3.Connection) -> int:
    """How many events there are."""
    (count,) = opened.execute("SELECT count(*) FROM events").fetchone()
    return int(count)
