"""`eventsourcing` with its events in memory, which it does by default: nothing is durable."""

from __future__ import annotations

from actum_bench.peers.eventsourcing_bank import measured
from actum_bench.results import Sample

#: There is nothing to wait for, so more threads would only take turns.
THREADS = 1


def measure(*, clients: int, commands: int, accounts: int, directory: str | None) -> Sample:
    """Clients played by one thread: more would wait for the interpreter lock.

    Args:
        clients: how many.
        commands: of all of them together.
        accounts: that they pay into.
        directory: not used.
    """
    del directory
    environment = {"PERSISTENCE_MODULE": "eventsourcing.popo"}
    return measured(environment, clients=clients, commands=commands, accounts=accounts, threads=THREADS)
