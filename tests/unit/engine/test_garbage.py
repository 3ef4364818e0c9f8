"""The garbage collector's policy: what it sees, what is frozen, what it still finds, and how it is left on close."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from weakref import ref

import pytest
from actum import (
    Aggregate,
    Command,
    CommandFailed,
    Engine,
    Event,
    MemoryLog,
    Row,
    View,
    decide,
    evolve,
    garbage,
    project,
)
from actum.actor import Actor
from actum.directory import Directory
from actum.window import CommandWindow

from tests.support.bank import open_bank
from tests.support.scenes import scene, turns


class Add(Command):
    """A number, for one of several lists."""

    name: str
    number: int


class Added(Event):
    """It is there."""

    name: str
    number: int


class Numbers(Aggregate, key="name"):
    """A state with a container in it."""

    numbers: list[int] = []

    @decide
    def add(self, command: Add) -> Added:
        """Always."""
        return Added(name=command.name, number=command.number)

    @evolve
    def added(self, event: Added) -> None:
        """One more."""
        self.numbers.append(event.number)


class Listed(Row, key="name"):
    """A row with a container in it."""

    name: str
    numbers: list[int]


class Lists(View[Listed]):
    """All numbers."""

    @project
    def added(self, event: Added) -> None:
        """One more."""
        row = self.get(event.name) or Listed(name=event.name, numbers=[])
        self.put(row.replace(numbers=[*row.numbers, event.number]))


class Plain(Aggregate, key="name"):
    """A state without."""

    count: int = 0

    @decide
    def add(self, command: Add) -> Added:
        """Always."""
        return Added(name=command.name, number=command.number)

    @evolve
    def added(self, event: Added) -> None:
        """One more."""
        self.count += 1


class Bug(Exception):
    """What a handler raises."""


class Buggy(Plain, key="name"):
    """Fails."""

    @decide
    def add(self, command: Add) -> Added:
        """Never."""
        raise Bug(command.name)


class Circle:
    """Something of the application's that is in a cycle."""

    def __init__(self) -> None:
        """With itself."""
        self.me = self


@pytest.fixture(autouse=True)
def _nothing_frozen() -> Iterator[None]:
    """What other tests' code froze is none of these tests' business; what these change is put back."""
    gc.unfreeze()
    before = gc.get_threshold()
    yield
    gc.enable()
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.parametrize("policy", ["freeze", "none"])
@scene
async def test_freezing_at_opening(tmp_path: Path, policy: Literal["freeze", "none"]) -> None:
    """Only if the policy says so, and undone on close, as are the thresholds."""
    before = gc.get_threshold()
    async with open_bank(tmp_path / "bank", gc_policy=policy):
        assert (gc.get_freeze_count() > 0) is (policy == "freeze")
        assert (gc.get_threshold() != before) is (policy == "freeze")
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


@scene
async def test_two_engines() -> None:
    """The last one to close puts everything back."""
    before = gc.get_threshold()
    async with Engine.open(MemoryLog(), Plain):
        async with Engine.open(MemoryLog(), Plain):
            pass
        assert gc.get_threshold() != before
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize(
    ("thresholds", "young"), [((0, 5, 5), 0), ((50_000, 5, 5), 50_000), ((700, 10, 10), garbage.YOUNG_OBJECTS)]
)
@scene
async def test_what_the_application_set(thresholds: tuple[int, int, int], young: int) -> None:
    """A collector that is off stays off, one that looks more rarely goes on with that; both get their own back."""
    gc.set_threshold(*thresholds)
    async with Engine.open(MemoryLog(), Plain):
        assert gc.get_threshold()[0] == young
    assert gc.get_threshold() == thresholds


@scene
async def test_what_another_engine_froze_is_not_looked_at_again() -> None:
    """An engine that opens beside another one leaves it alone."""
    async with Engine.open(MemoryLog(), Plain):
        circle = Circle()
        seen = ref(circle)
        gc.freeze()
        del circle
        async with Engine.open(MemoryLog(), Plain):
            assert seen() is not None
    gc.collect()
    assert seen() is None


@scene
async def test_what_the_application_sets_meanwhile() -> None:
    """It stays."""
    async with Engine.open(MemoryLog(), Plain):
        gc.set_threshold(1_234, 5, 6)
    assert gc.get_threshold() == (1_234, 5, 6)


@scene
async def test_actors_are_out_of_its_sight() -> None:
    """Nothing that is kept for an aggregate of plain values is looked at, its window of command ids included."""
    async with Engine.open(MemoryLog(), Plain) as engine:
        await engine.send_many([Add(name=f"{number}", number=0) for number in range(100)])
        await engine.send(Add(name="0", number=1), command_id="once")
        gc.collect()
        seen = [each for each in gc.get_objects() if isinstance(each, (Actor, CommandWindow, Plain))]
        assert not seen
        assert engine.statistics().awake == 100


@pytest.mark.parametrize("end", ["close", "sleep"])
@scene
async def test_actors_are_freed_without_it(end: str) -> None:
    """When they are put to sleep, or with the engine: what they held is gone at once."""
    gc.disable()
    async with Engine.open(MemoryLog(), Numbers) as engine:
        await engine.send_many([Add(name="a", number=1), Add(name="b", number=1)])
        assert alive(Numbers) == 2
        if end == "sleep":
            directory_of(engine).sweep(2, ticks=10**6)
            assert alive(Numbers) == 0
    assert alive(Numbers) == 0


@pytest.mark.parametrize("end", ["close", "sleep"])
@scene
async def test_actors_that_failed_are_freed(caplog: pytest.LogCaptureFixture, end: str) -> None:
    """The traceback of the error that an actor keeps leads to the actor itself, but only as long as it is awake."""
    caplog.set_level(logging.CRITICAL, "actum.actor")  # log records keep errors too
    async with Engine.open(MemoryLog(), Buggy) as engine:
        with pytest.raises(CommandFailed):
            await engine.send(Add(name="a", number=1))
        gc.collect()
        assert alive(Bug) == 1
        if end == "sleep":
            directory_of(engine).sweep(0, ticks=10**6)
            await turns(1)  # the loop holds the answer until its callback has ended
            gc.collect()
            assert alive(Bug) == 0
    gc.collect()
    assert alive(Bug) == 0


def alive(kind: type) -> int:
    """How many objects of a type there are that the collector sees, garbage or not."""
    return sum(isinstance(each, kind) for each in gc.get_objects())


def directory_of(engine: Engine) -> Directory:
    """The engine's directory."""
    assert engine._core is not None
    return engine._core.directory


@scene
async def test_cycles_of_the_application_are_collected_through_checkpoints(tmp_path: Path) -> None:
    """What the engine keeps of plain values is no reason to freeze what an application holds at that moment."""
    async with Engine.open(tmp_path / "store", Plain) as engine:
        frozen = gc.get_freeze_count()
        for number in range(5):
            circle = Circle()
            seen = ref(circle)
            await engine.send(Add(name=f"{number}", number=number))
            assert await engine.checkpoint()
            del circle
            gc.collect()
            assert seen() is None
        assert gc.get_freeze_count() <= frozen


class TestContainers:
    """Rows and states with containers in them are frozen, and cycles frozen with them are found in the end."""

    @scene
    async def test_few_are_not_frozen(self, tmp_path: Path) -> None:
        """Their checkpoints add up until it is worth it."""
        async with Engine.open(tmp_path / "store", Numbers, Lists) as engine:
            frozen = gc.get_freeze_count()
            await engine.send(Add(name="a", number=1))
            assert await engine.checkpoint()
            assert gc.get_freeze_count() <= frozen
            assert garbage.kept == 2

    @scene
    async def test_many_are(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A cycle that is alive then is found by the look at everything that comes after so many freezings."""
        monkeypatch.setattr(garbage, "FREEZE_OBJECTS_MIN", 2)
        monkeypatch.setattr(garbage, "FREEZINGS_MAX", 3)
        async with Engine.open(tmp_path / "store", Numbers, Lists) as engine:

            async def checkpoint() -> None:
                await engine.send(Add(name="a", number=1))
                assert await engine.checkpoint()

            circle = Circle()
            seen = ref(circle)
            await checkpoint()
            del circle
            for _ in range(2):
                gc.collect()
                assert seen() is not None
                await checkpoint()
            await checkpoint()
            assert seen() is None
            assert gc.get_freeze_count() > 0

    @pytest.mark.parametrize("switch", [gc.disable, lambda: gc.set_threshold(0)])
    @scene
    async def test_not_while_it_is_off(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: object) -> None:
        """Who turned the collector off has plans of their own."""
        assert callable(switch)
        monkeypatch.setattr(garbage, "FREEZE_OBJECTS_MIN", 1)
        async with Engine.open(tmp_path / "store", Numbers, Lists) as engine:
            switch()
            collections = [generation["collections"] for generation in gc.get_stats()]
            frozen = gc.get_freeze_count()
            await engine.send(Add(name="a", number=1))
            assert await engine.checkpoint()
            assert gc.get_freeze_count() <= frozen
            assert [generation["collections"] for generation in gc.get_stats()] == collections


@scene
async def test_what_is_made_in_slices() -> None:
    """It is frozen as it comes, unless no engine's policy says so or the application has turned the collector off."""
    before = gc.get_freeze_count()
    garbage.calm_meanwhile()
    assert gc.get_freeze_count() == before
    async with open_bank(gc_policy="freeze"):
        frozen = gc.get_freeze_count()
        kept: list[list[int]] = [[] for _ in range(1_000)]
        garbage.calm_meanwhile()
        assert gc.get_freeze_count() >= frozen + len(kept)
        gc.disable()
        try:
            frozen = gc.get_freeze_count()
            kept += [[] for _ in range(1_000)]
            garbage.calm_meanwhile()
            assert gc.get_freeze_count() <= frozen
        finally:
            gc.enable()
