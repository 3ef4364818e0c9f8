"""The reading of process classes: every fault is named with its fix."""

from __future__ import annotations

import pytest
from actum import CatalogueError, Command, Engine, Event, MemoryLog, Process, react, refused


class Began(Event):
    """Something began."""

    other_id: str


class Begin(Command):
    """Something shall begin."""

    other_id: str


class Faulty(Process):
    """Nothing is right."""

    needed: int

    @react
    async def began(self, event: Began, service: int) -> None:
        """Waits, and wants a service."""

    @refused
    def refusal(self, command: Begin) -> None:
        """Right."""

    @refused
    def again(self, command: Begin) -> None:
        """Twice."""


class Elsewhere(Process, key="order_id", name="a/b"):
    """The key is called otherwise, and the name can't be."""

    @react(starts=True)
    def began(self, event: Began) -> None:
        """Has no such field."""


def test_every_fault_is_named() -> None:
    """All at once, each with what to write instead."""
    with pytest.raises(CatalogueError) as caught:
        Engine.open(MemoryLog(), Faulty, Elsewhere)
    faults = str(caught.value)
    for fault in (
        "Faulty has no key: write `class Faulty(Process, key=",
        "Faulty has a field without a default",
        "Faulty.began is async: a process works in memory and at once",
        "Faulty.began: behind its message it may take one Record, and no services",
        "Faulty.again: Faulty handles Begin twice: keep one handler",
        "Faulty never starts: mark the handler of its first event @react(starts=True)",
        "Elsewhere: the name of a process has 1 to 60 bytes, and no '/'",
        "Elsewhere.began: Began has no field 'order_id', which names the instance",
    ):
        assert fault in faults
