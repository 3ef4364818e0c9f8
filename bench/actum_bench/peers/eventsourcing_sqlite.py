"""`eventsourcing` with its events in SQLite, on disk with a write-ahead log, every commit synced."""

from __future__ import annotations

from pathlib import Path

from eventsourcing.sqlite import SQLiteApplicationRecorder

from actum_bench.peers.eventsourcing_bank import Bank, measured
from actum_bench.results import Check, Sample
from actum_bench.stores import store_path

#: While one thread waits for the disk the others decide; its pool of connections lends at most 15.
THREADS = 15
#: What `PRAGMA synchronous` says when each commit is synced.
FULL = 2


def measure(*, clients: int, commands: int, accounts: int, directory: str | None) -> Sample:
    """Clients played by a pool of threads, which is faster than a thread for each."""
    with store_path(directory) as path:
        return measured(
            {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(Path(path) / "bank.db")},
            clients=clients,
            commands=commands,
            accounts=accounts,
            threads=THREADS,
            also=lambda bank: [synced(bank)],
        )


def synced(bank: Bank) -> Check:
    """That its connections sync each commit: it leaves that to SQLite's default, which can be built to be weaker."""
    assert isinstance(bank.recorder, SQLiteApplicationRecorder)
    with bank.recorder.datastore.transaction(commit=False) as cursor:
        cursor.execute("PRAGMA synchronous")
        (level,) = cursor.fetchone()
    return Check.equal("PRAGMA synchronous == FULL", FULL, level)
