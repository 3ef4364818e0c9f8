"""Who is compared: each peer with its durability, how much it does, and what should be known beside its figures."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

#: At so many clients peers have their number of commands, and the goals are meant.
CLIENTS = 256
ACCOUNTS = 10_000
#: Fewer commands than these have no 99th percentile worth the name.
COMMANDS_MIN = 1_000

IN_LOOP = "the clients are tasks of one loop in the same process and part of the cost"
IN_THREADS = "the clients are played by {} in the same process and part of the cost"
SQLITE = f"SQLite {sqlite3.sqlite_version}, write-ahead log"


class Peer(NamedTuple):
    """One way to do the work.

    Attributes:
        name: as it is typed.
        title: as it is shown.
        where: module in this package, and function.
        durability: "full": on the disk before the answer; "memory": nowhere.
        commands: about as many as take a second at 256 clients.
        grouped: whether one commit serves many clients, so that fewer clients get less done.
        note: what should be known beside its figures.
        package: what has to be installed, if it is not a part of Python or of actum.
        goal: how many times faster actum wants to be at 256 clients, if it does.
    """

    name: str
    title: str
    where: str
    durability: str
    commands: int
    grouped: bool
    note: str
    package: str = ""
    goal: float = 0.0

    def commands_for(self, clients: int) -> int:
        """About as many commands as take a second."""
        share = min(1.0, clients / CLIENTS) if self.grouped else 1.0
        return max(COMMANDS_MIN, clients, int(self.commands * share))


ACTUM = Peer(
    name="actum",
    title="actum",
    where="actum:measure",
    durability="full",
    commands=120_000,
    grouped=True,
    note=f"every feature is on; {IN_LOOP}",
)

PEERS = (
    ACTUM,
    Peer(
        name="eventsourcing_sqlite",
        title="eventsourcing on SQLite",
        where="eventsourcing_sqlite:measure",
        durability="full",
        commands=3_000,
        grouped=False,
        note=f"its cache of aggregates is on, fast-forwarding is off; {SQLITE}, synchronous=FULL is checked; "
        + IN_THREADS.format("15 threads"),
        package="eventsourcing",
        goal=40.0,
    ),
    Peer(
        name="eventsourcing_memory",
        title="eventsourcing in memory",
        where="eventsourcing_memory:measure",
        durability="memory",
        commands=15_000,
        grouped=False,
        note="its events are lost when it ends; its cache of aggregates is on, fast-forwarding is off; "
        + IN_THREADS.format("one thread"),
        package="eventsourcing",
        goal=7.0,
    ),
    Peer(
        name="umadb",
        title="UmaDB",
        where="umadb:measure",
        durability="full",
        commands=12_000,
        grouped=True,
        note="a server in a process of its own, on cores of its own if there are any; an append condition for each "
        "command, without reading first; " + IN_THREADS.format("a thread each"),
        package="umadb",
        goal=8.0,
    ),
    Peer(
        name="sqlite",
        title="SQLite by hand",
        where="sqlite:each",
        durability="full",
        commands=3_000,
        grouped=False,
        note=f"{SQLITE}, synchronous=FULL, a transaction for each command; {IN_THREADS.format('16 threads')}",
    ),
    Peer(
        name="sqlite_grouped",
        title="SQLite by hand, grouped",
        where="sqlite:grouped",
        durability="full",
        commands=50_000,
        grouped=True,
        note=f"{SQLITE}, synchronous=FULL, a transaction for each group of commands; {IN_LOOP}",
    ),
    Peer(
        name="raw_lmdb",
        title="LMDB by hand",
        where="raw_lmdb:measure",
        durability="full",
        commands=50_000,
        grouped=True,
        note=f"a put for each event, a transaction and an fsync for each group of commands; {IN_LOOP}",
    ),
)
