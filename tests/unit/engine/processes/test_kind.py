"""The reading of process classes: every fault is named with its fix."""

from __future__ import annotations

import pytest
from actum import CatalogueError, Command, Engine, Event, MemoryLog, Process, react, refused


class Began(Event):
    """Something began."""

    other_id: str


class Counted(Event):
    """Fields of many types."""

    number: int
    names: list[str]
    name: str | None


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


class ByNumber(Process, key="number"):
    """A number is no key."""

    @react(starts=True)
    def counted(self, event: Counted) -> None:
        """Nothing."""


class ByNames(Process, key="names"):
    """Several names are no key."""

    @react(starts=True)
    def counted(self, event: Counted) -> None:
        """Nothing."""


class ByName(Process, key="name"):
    """A name that may be missing is one."""

    @react(starts=True)
    def counted(self, event: Counted) -> None:
        """Nothing."""


def test_every_fault_is_named() -> None:
    """All at once, each with what to write instead."""
    with pytest.raises(CatalogueError) as caught:
        Engine.open(MemoryLog(), Faulty, Elsewhere, ByNumber, ByNames, ByName)
    faults = str(caught.value)
    for fault in (
        "Faulty has no key: write `class Faulty(Process, key=",
        "Faulty has a field without a default",
        "Faulty.began is async: a process works in memory and at once",
        "Faulty.began: behind its message it may take one Record, and no services",
        "Faulty.again: Faulty handles Begin twice: keep one handler",
        "Faulty never starts: mark the handler of its first event @react(starts=True)",
        "Elsewhere: the name of a process has 1 to 60 bytes, and no '/'",
        "ByNumber.counted: Counted.number is int and can't name an instance: a key is a str",
        "ByNames.counted: Counted.names is list[str] and can't name an instance",
        "Elsewhere.began: Began has no field 'order_id', which names the instance",
    ):
        assert fault in faults
    assert "ByName." not in faults
