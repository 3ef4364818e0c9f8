"""Errands for the tests of what happens by itself: somebody asks, and something is done that may go wrong anyhow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from actum import (
    Aggregate,
    Command,
    CommandTimeout,
    Engine,
    EngineClosed,
    Event,
    MemoryLog,
    Options,
    OutcomeUnknown,
    Rejected,
    ViewBroken,
    decide,
    evolve,
)

from tests.support.scenes import until


class Unspeakable(Exception):
    """An error whose text can't be made."""

    def __str__(self) -> str:
        """No."""
        raise ZeroDivisionError


#: What may be raised, by name.
FAULTS: dict[str, Callable[[], BaseException]] = {
    "closed": lambda: EngineClosed("another engine is closed"),
    "late": lambda: CommandTimeout("another engine is slow"),
    "broken": lambda: ViewBroken("another engine's view is broken", view="v", position=1),
    "unknown": lambda: OutcomeUnknown("another engine's disk is broken"),
    "name of a file": lambda: Rejected("no \udc80 file"),
    "bug": lambda: ValueError("a \udc80 bug"),
    "unspeakable": Unspeakable,
    "cancelled": asyncio.CancelledError,
}


class Ask(Command):
    """Ask for an errand."""

    asker: str
    errand: str = ""


class Asked(Event):
    """Somebody asked for an errand."""

    asker: str
    errand: str


class Asker(Aggregate, key="asker"):
    """Who asks."""

    @decide
    def ask(self, command: Ask) -> Asked:
        """Always."""
        return Asked(asker=command.asker, errand=command.errand)

    @evolve
    def asked(self, event: Asked) -> None:
        """Nothing."""


class Run(Command):
    """Do an errand: a name of `FAULTS` raises it, "no" is rejected, "wait" waits."""

    runner: str
    errand: str = ""


class Ran(Event):
    """An errand is done."""

    runner: str
    errand: str


class Gate:
    """Where errands called "wait" wait.

    Attributes:
        free: set to let them go.
        tried: errands that were begun.
    """

    def __init__(self) -> None:
        """Closed."""
        self.free = asyncio.Event()
        self.tried: list[str] = []


class Errands(Aggregate, key="runner"):
    """Who does them."""

    done: int = 0

    @decide
    async def run(self, command: Run, gate: Gate) -> Ran:
        """As it is called."""
        gate.tried.append(command.errand)
        if command.errand in FAULTS:
            fault = FAULTS[command.errand]
            raise fault()
        if command.errand == "no":
            raise Rejected("no")
        if command.errand == "wait":
            await gate.free.wait()
        return Ran(runner=command.runner, errand=command.errand)

    @evolve
    def ran(self, event: Ran) -> None:
        """One more."""
        self.done += 1


def open_errands(store: Any = None, *more: type[Any], gate: Gate | None = None, **given: Any) -> Engine:
    """An engine for errands, in memory unless a store is given; `options` are a dict, other keywords go on."""
    defaults = {"gate_seconds": 0.0005, "gc_policy": "none", "durability": "relaxed", "ballast_bytes": 0}
    options = Options(**{**defaults, **given.pop("options", {})})
    log: Any = MemoryLog() if store is None else store
    return Engine.open(log, Asker, Errands, *more, services=[gate or Gate()], options=options, **given)


async def idle(engine: Engine) -> None:
    """Wait until every process has considered everything."""
    await until(lambda: all(not one.lag for one in engine.statistics().processes))
