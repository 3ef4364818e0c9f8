"""Stores that are filled once and measured often: how large, made by whom, and a copy for who changes it.

Filling is not measured: it is done in a process of its own, by commands with many events each, and without waiting
for the disk (`durability="relaxed"`); the store is closed then, with a checkpoint, and whoever measures opens it again
with full durability. A workspace is a directory in which a filled store stays for the next measurement that wants
the same.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import actum
import msgspec
from actum import Engine, Options, Receipt

from actum_bench.bank import key_of
from actum_bench.branches import PAYMENT, VIEWS, Branch, Open, PayOften, branch_key, first_amount
from actum_bench.process import in_child
from actum_bench.repeats import checked
from actum_bench.results import Check, Sample
from actum_bench.stores import store_path

#: Events of one command at most, and of one call: the receipts of a call hold its events.
COMMAND_EVENTS_MAX = 1_000
CALL_EVENTS_MAX = 50_000
CALL_COMMANDS_MAX = 1_000


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How large a store is.

    Attributes:
        branches: aggregates.
        accounts: rows, a multiple of the branches.
        events: in the log, at least one for each account; the rest are payments.
        indexes: secondary indexes of the view: 0, 1 or 2.
        snapshots: whether the state of every aggregate is saved, not only of those with many events.
    """

    branches: int
    accounts: int
    events: int
    indexes: int = 0
    snapshots: bool = False

    def __post_init__(self) -> None:
        """Refuse what can't be filled."""
        if not 0 < self.branches <= self.accounts <= self.events or self.accounts % self.branches:
            raise ValueError(
                f"{self.branches:,} aggregates, {self.accounts:,} rows and {self.events:,} events don't fit together: "
                "give at least one row to each aggregate, as many to each, and at least one event to each row"
            )

    @property
    def each(self) -> int:
        """Accounts of one branch."""
        return self.accounts // self.branches

    @property
    def name(self) -> str:
        """What tells its store from others."""
        return "-".join(str(int(number)) for number in msgspec.structs.astuple(self))

    @property
    def balance(self) -> int:
        """What is in all accounts together."""
        return sum(map(first_amount, range(self.accounts))) + PAYMENT * (self.events - self.accounts)

    def branch_of(self, account: int) -> str:
        """The key of the branch of an account."""
        return branch_key(account // self.each)

    def commands(self) -> Iterator[Open | PayOften]:
        """What fills it: first all accounts, then payments, account by account, until there are enough events."""
        for branch in range(self.branches):
            for first in range(branch * self.each, (branch + 1) * self.each, COMMAND_EVENTS_MAX):
                count = min(COMMAND_EVENTS_MAX, (branch + 1) * self.each - first)
                yield Open(branch_id=branch_key(branch), first=first, count=count)
        left, account = self.events - self.accounts, 0
        times = max(1, min(COMMAND_EVENTS_MAX, left // self.accounts))
        while left > 0:
            times = min(times, left)
            yield PayOften(branch_id=self.branch_of(account), account_id=key_of(account), amount=PAYMENT, times=times)
            left, account = left - times, (account + 1) % self.accounts


def fill(*, path: str, branches: int, accounts: int, events: int, indexes: int, snapshots: bool) -> Sample:
    """Make a store and close it."""
    shape = Shape(branches=branches, accounts=accounts, events=events, indexes=indexes, snapshots=snapshots)

    async def main() -> Sample:
        options = Options(durability="relaxed", checkpoint_seconds=0, snapshot_events_min=1 if snapshots else 16)
        async with Engine.open(path, Branch, VIEWS[indexes], options=options) as engine:
            for call in calls(shape.commands()):
                for answer in await engine.send_many(call):
                    if not isinstance(answer, Receipt):
                        raise answer
            return Sample({"position": engine.statistics().position}, shown(engine, shape))

    return actum.run(main())


def calls(commands: Iterator[Open | PayOften]) -> Iterator[list[Open | PayOften]]:
    """The commands in parts, none with too many events."""
    part, events = list[Open | PayOften](), 0
    for command in commands:
        part.append(command)
        events += command.count if isinstance(command, Open) else command.times
        if events >= CALL_EVENTS_MAX or len(part) == CALL_COMMANDS_MAX:
            yield part
            part, events = [], 0
    if part:
        yield part


def shown(engine: Engine, shape: Shape, payments: int = 0) -> list[Check]:
    """Whether the log and the view of an engine hold what a store of this shape has to hold.

    Args:
        engine: open.
        shape: what it was filled with.
        payments: that were made since.
    """
    rows = engine.rows(VIEWS[shape.indexes])
    return [
        Check.equal("events stored", shape.events + payments, engine.statistics().position),
        Check.equal("rows", shape.accounts, len(rows)),
        Check.equal("sum of the balances", shape.balance + PAYMENT * payments, sum(row.balance for row in rows)),
    ]


def kept_store(shape: Shape, workspace: str) -> Path:
    """The filled store of a shape in a workspace, closed; made in a process of its own if it is not there yet.

    Raises:
        VoidRunError: it holds something else than it should.
    """
    path = Path(workspace, shape.name)
    if path.exists():
        return path
    making = Path(workspace, f"{shape.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    sample = in_child(fill, path=str(making), **msgspec.structs.asdict(shape))
    checked("a store that was filled", sample)
    reach_the_disk(making)
    return making.rename(path)


@contextmanager
def copied_store(shape: Shape, workspace: str) -> Generator[str]:
    """A copy of the filled store of a shape, to be written to and deleted afterwards."""
    kept = kept_store(shape, workspace)
    with store_path(workspace) as parent:
        path = Path(parent, "store")
        shutil.copytree(kept, path)
        reach_the_disk(path)
        yield str(path)


def reach_the_disk(path: Path) -> None:
    """Have all files of a directory on the disk, so that nothing is written back while something is measured."""
    for file in path.rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
