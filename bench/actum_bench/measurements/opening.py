"""Opening a store: from its checkpoint, from its log alone, and what msgspec alone takes for the same rows."""

from __future__ import annotations

import gc
import shutil
import time
from operator import attrgetter
from pathlib import Path
from typing import Any

import actum
import msgspec
from actum import Engine, Options

from actum_bench.bank import key_of
from actum_bench.branches import ROWS, VIEWS, Branch, first_amount
from actum_bench.filled import Shape, copied_store, kept_store, shown
from actum_bench.results import Check, Sample

#: Rows in one chunk of a checkpoint: what the engine encodes in the millisecond that one may take.
CHUNK_ROWS = 2_000


def engine(*, branches: int, accounts: int, events: int, indexes: int, workspace: str) -> Sample:
    """Open from a checkpoint that holds all rows and the states of all aggregates, until queries can be answered.

    Args:
        branches: aggregates, each with its state in the checkpoint.
        accounts: rows.
        events: in the log, all of them before the checkpoint.
        indexes: secondary indexes of the view: 0, 1 or 2.
        workspace: where filled stores are kept.
    """
    shape = Shape(branches=branches, accounts=accounts, events=events, indexes=indexes, snapshots=True)
    return actum.run(opened(str(kept_store(shape, workspace)), shape, from_checkpoint=True))


def with_checkpoint(*, branches: int, accounts: int, events: int, workspace: str) -> Sample:
    """Open a log of some length, closed well: everything is in the checkpoint."""
    shape = Shape(branches=branches, accounts=accounts, events=events)
    return actum.run(opened(str(kept_store(shape, workspace)), shape, from_checkpoint=True))


def without_checkpoint(*, branches: int, accounts: int, events: int, workspace: str) -> Sample:
    """Open the same without its checkpoint, so that every event is folded again. `derived/` may always be deleted."""
    shape = Shape(branches=branches, accounts=accounts, events=events)
    with copied_store(shape, workspace) as path:
        shutil.rmtree(Path(path, "derived"))
        return actum.run(opened(path, shape, from_checkpoint=False))


async def opened(path: str, shape: Shape, *, from_checkpoint: bool) -> Sample:
    """Open a store that is in the file system's cache, and see that everything is there."""
    read_once(Path(path))
    started = time.perf_counter()
    async with Engine.open(path, Branch, VIEWS[shape.indexes], options=Options(checkpoint_seconds=0)) as engine:
        seconds = time.perf_counter() - started
        statistics = engine.statistics()
        checks = shown(engine, shape)
    checkpoints = statistics.checkpoints
    assert checkpoints is not None, "a store on the disk has checkpoints"
    if from_checkpoint:
        checks.append(Check.equal("position of the checkpoint", shape.events, checkpoints.position))
        checks.append(Check.equal("checkpoints made while opening", 0, checkpoints.count))
    return Sample({"opening": seconds, "opening, after the files": statistics.open_seconds}, checks)


def read_once(path: Path) -> None:
    """Have the files of a store in the file system's cache, for every repeat alike."""
    for file in path.rglob("*"):
        if file.is_file() and file.name != "ballast":
            with file.open("rb") as opened_file:
                while opened_file.read(1 << 20):
                    pass


def bare(*, accounts: int, branches: int) -> Sample:
    """What msgspec alone takes: chunks as a checkpoint has them, in memory, by a typed decoder into a dict."""
    shape = Shape(branches=branches, accounts=accounts, events=accounts)
    row_type: Any = ROWS[0]
    encode = msgspec.msgpack.Encoder().encode
    chunks: list[bytes] = []
    for first in range(0, accounts, CHUNK_ROWS):
        numbers = range(first, min(first + CHUNK_ROWS, accounts))
        made = [
            row_type(account_id=key_of(number), branch_id=shape.branch_of(number), balance=first_amount(number))
            for number in numbers
        ]
        chunks.append(encode((made, list[str]())))
    decode = msgspec.msgpack.Decoder(tuple[list[row_type], list[str]]).decode
    key = attrgetter("account_id")
    gc.collect()
    started = time.perf_counter()
    rows: dict[str, Any] = {}
    for chunk in chunks:
        part, _ = decode(chunk)
        rows.update(zip(map(key, part), part, strict=True))
    seconds = time.perf_counter() - started
    balance = sum(row.balance for row in rows.values())
    checks = [Check.equal("rows", accounts, len(rows)), Check.equal("sum of the balances", shape.balance, balance)]
    return Sample({"opening": seconds}, checks)


def rebuild(*, branches: int, accounts: int, events: int, workspace: str) -> Sample:
    """Fold a view again from a log on the disk, beside the one that is served."""
    shape = Shape(branches=branches, accounts=accounts, events=events)

    async def main(path: str) -> Sample:
        async with Engine.open(path, Branch, VIEWS[0], options=Options(checkpoint_seconds=0)) as engine:
            before = {row.account_id: row for row in engine.rows(VIEWS[0])}
            started = time.perf_counter()
            await engine.rebuild(VIEWS[0])
            seconds = time.perf_counter() - started
            same = before == {row.account_id: row for row in engine.rows(VIEWS[0])}
            checks = [*shown(engine, shape), Check("rebuilt == served before", same, f"{len(before):,} rows")]
        return Sample({"events/s": events / seconds, "rebuild": seconds}, checks)

    with copied_store(shape, workspace) as path:  # closing saves the new view
        return actum.run(main(path))
