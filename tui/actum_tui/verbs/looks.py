"""What `overview` and `vitals` look at: two frames of a running engine, or of a store's directory, some time apart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import actum
import click
from actum import Finding, StoredRecord
from actum.monitor import Detached, Frame, NoEngine, Wanted, store_vitals

from actum_tui.call import Call
from actum_tui.numbers import NumberRange
from actum_tui.top.live import LiveSource
from actum_tui.top.look import Look
from actum_tui.top.source import Lost

#: Said where a directory alone was read.
NO_ENGINE = (
    "only the directory was read: what an engine measures itself is known of one that runs and was opened with"
    " monitor=True; actum ps lists those"
)


class Seen(NamedTuple):
    """What was looked at.

    Attributes:
        name: of the store.
        store: its directory, None for an engine in memory.
        pid: the engine's process; None if no engine was attached to.
        look: the two frames.
        records: the newest.
        warnings: what should be known beside it.
    """

    name: str
    store: str | None
    pid: int | None
    look: Look
    records: Sequence[StoredRecord] = ()
    warnings: Sequence[str] = ()

    def data(self) -> dict[str, object]:
        """Who it is, for programs."""
        return {"name": self.name, "store": self.store, "pid": self.pid, "seconds": self.look.seconds}


def options(function: click.decorators.FC) -> click.decorators.FC:
    """What both verbs can be told."""
    seconds = click.option(
        "--seconds",
        type=NumberRange(0.5, 60),
        default=1.0,
        show_default=True,
        help="Between the two looks that rates are made of.",
    )
    return click.argument("target", required=False)(seconds(function))


def look_at(call: Call, target: str | None, seconds: float, *, newest: int = 0, actors: bool = False) -> Seen:
    """Look twice at the engine that is meant, or at the directory if no engine has it open that can be attached to.

    Args:
        call: of the verb.
        target: an engine's name, process id, socket or store directory; None for the store of --store, or else the only
            engine that runs.
        seconds: between the two looks.
        newest: so many of the newest records are wanted too.
        actors: whether the actors that stand out are wanted too.

    Raises:
        ActumError: there is no such engine and no such store.
    """
    wanted = target or call.store
    try:
        return asyncio.run(at_engine(wanted, seconds, newest, actors=actors))
    except NoEngine:
        if wanted is None or not Path(wanted).is_dir():
            raise
        return at_directory(call, wanted, seconds, newest)


async def at_engine(target: str | None, seconds: float, newest: int, *, actors: bool = False) -> Seen:
    """What a running engine shows."""
    source = LiveSource(target)
    await source.open()
    try:
        source.watch(Wanted(interval_seconds=seconds, actors=actors))
        hello = source.hello
        look = await first_look(source)
        head = 0 if look.now.statistics is None else look.now.statistics.position
        records = await source.journal.records(max(1, head - newest + 1), head) if newest else ()
        return Seen(hello.name, hello.store, hello.pid, look, records)
    finally:
        await source.close()


async def first_look(source: LiveSource) -> Look:
    """The first two frames with what is measured while somebody looks; the very first has nothing of that.

    Raises:
        Detached: the engine ends before that.
    """
    before: Frame | None = None
    async for item in source.frames():
        if isinstance(item, Lost):
            raise Detached(item.sentence)
        if isinstance(item, Frame) and item.vitals is not None:
            if before is not None:
                return Look(before, item)
            before = item
    raise AssertionError("a source of a running engine has no end")


def at_directory(call: Call, path: str, seconds: float, newest: int) -> Seen:
    """What a store's directory says."""

    def frame(store: actum.Store) -> Frame:
        return Frame(time_ns=time.time_ns(), monotonic_ns=time.monotonic_ns(), store=store_vitals(store))

    with actum.open_store(path, any_file_system=call.any_file_system) as store:
        before = frame(store)
        time.sleep(seconds)
        now = frame(store)
        head = store.head.position
        records = list(store.records(max(1, head - newest + 1), head)) if newest and head else []
        place = Path(path).resolve()
        return Seen(place.name, str(place), None, Look(before, now), records, (*store.warnings, NO_ENGINE))


def is_bad(findings: Sequence[Finding]) -> bool:
    """Whether something has to be done."""
    return any(finding.level == "error" for finding in findings)
