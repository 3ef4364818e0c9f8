"""The gate at opening: what can't be read, or woken, is refused before anything is served, and looked for once."""

from __future__ import annotations

import asyncio
import shutil
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from unittest.mock import patch

import pytest
from actum import (
    Aggregate,
    CatalogueError,
    Command,
    Engine,
    Event,
    MemoryLog,
    Options,
    Row,
    StoreMismatch,
    View,
    decide,
    evolve,
    project,
    upcast,
)
from actum.codec import schema_documents
from actum.recovery.closing import Closing
from actum.schemas.gate import SchemaGate

from tests.support.scenes import scene

OPTIONS = Options(gc_policy="none", durability="relaxed", snapshot_events_min=1)


class Write(Command):
    """Write some events."""

    key: str
    what: list[str]


class Paid(Event, tag="Paid"):
    """An event."""

    key: str


class Bonus(Event):
    """Another."""

    key: str


class PaidAgain(Event, tag="Paid.2"):
    """What `Paid` became."""

    key: str


class Tally(Row, key="key"):
    """A row."""

    key: str


class Bonuses(View[Tally]):
    """It handles what the aggregate may have forgotten."""

    @project
    def bonus(self, event: Bonus) -> None:
        """A row."""
        self.put(Tally(key=event.key))


class Account(Aggregate, key="key"):
    """It knows both."""

    count: int = 0

    @decide
    def write(self, command: Write) -> list[Paid | Bonus]:
        """As it is told."""
        return [Paid(key=command.key) if what == "paid" else Bonus(key=command.key) for what in command.what]

    @evolve
    def paid(self, event: Paid) -> None:
        """One more."""
        self.count += 1

    @evolve
    def bonus(self, event: Bonus) -> None:
        """One more."""
        self.count += 1


class Forgetful(Aggregate, key="key", name="Account"):
    """It has lost an @evolve, for an event that it emits no more."""

    count: int = 0

    @decide
    def write(self, command: Write) -> Paid:
        """One."""
        return Paid(key=command.key)

    @evolve
    def paid(self, event: Paid) -> None:
        """One more."""
        self.count += 1


class Renewed(Aggregate, key="key", name="Account"):
    """Its events are of another type now."""

    count: int = 0

    @decide
    def write(self, command: Write) -> PaidAgain:
        """One."""
        return PaidAgain(key=command.key)

    @evolve
    def paid(self, event: PaidAgain) -> None:
        """One more."""
        self.count += 1


@upcast
def renew(event: Paid) -> PaidAgain:
    """As it should be."""
    return PaidAgain(key=event.key)


@upcast
def fail(event: Paid) -> PaidAgain:
    """It has a bug."""
    raise ZeroDivisionError("oh")


@upcast
def give_text(event: Paid) -> list[PaidAgain]:
    """It gives no events."""
    return "abc"  # type: ignore[return-value]  # the fault


@upcast
def give_number(event: Paid) -> PaidAgain:
    """Its event has a field of another type."""
    return PaidAgain(key=7)  # type: ignore[arg-type]  # the fault


@upcast
def give_itself(event: Paid) -> PaidAgain:
    """It gives what it took."""
    return event  # type: ignore[return-value]  # the fault


@upcast
def split(event: Paid) -> list[PaidAgain | Bonus]:
    """A view alone handles the second."""
    return [PaidAgain(key=event.key), Bonus(key=event.key)]


async def write(store: Any, *components: type, what: tuple[str, ...] = ("paid", "bonus")) -> None:
    """Have an account write, and close."""
    async with Engine.open(store, *components, options=OPTIONS) as engine:
        await engine.send(Write(key="a", what=list(what)))


@pytest.mark.parametrize("checkpoint", [True, False])
@scene
async def test_an_aggregate_that_lost_an_evolve_is_refused(tmp_path: Path, *, checkpoint: bool) -> None:
    """With and without derived state, although a view can read its events; a given @evolve opens it again."""
    store = str(tmp_path / "bank")
    await write(store, Account)
    if not checkpoint:
        shutil.rmtree(tmp_path / "bank" / "derived")

    with pytest.raises(StoreMismatch, match=r"(?s)position 2 .*Account has no @evolve for `Bonus`.*Give Account an"):
        await Engine.open(store, Forgetful, Bonuses, options=OPTIONS)

    async with Engine.open(store, Account, Bonuses, options=OPTIONS) as engine:
        assert (await engine.state(Account, "a")).count == 2


@scene
async def test_what_an_upcaster_gives_is_evolved(tmp_path: Path) -> None:
    """A view alone is not enough: said by the catalogue, without looking at a log."""
    with pytest.raises(CatalogueError, match="upcaster split returns Bonus, for which no aggregate has an @evolve"):
        Engine.open(str(tmp_path / "bank"), Renewed, Bonuses, upcasters=[split])


class Other(Aggregate, key="key"):
    """Another aggregate, which evolves what `Account` does not."""

    @evolve
    def bonus(self, event: Bonus) -> None:
        """Nothing."""


@pytest.mark.parametrize("checkpoint", [True, False])
@scene
async def test_each_aggregate_has_to_evolve_what_stands_in_its_streams(tmp_path: Path, *, checkpoint: bool) -> None:
    """That another one does, also through an upcaster, is no help."""
    store = str(tmp_path / "bank")
    await write(store, Account, what=("paid",))
    if not checkpoint:
        shutil.rmtree(tmp_path / "bank" / "derived")

    with pytest.raises(StoreMismatch, match=r"(?s)position 1 .*Account has no @evolve for `Bonus`"):
        await Engine.open(store, Renewed, Other, upcasters=[split], options=OPTIONS)


@pytest.mark.parametrize("checkpoint", [True, False])
@pytest.mark.parametrize(
    ("upcaster", "words"),
    [
        (fail, "upcaster fail of Paid raised ZeroDivisionError: oh"),
        (give_text, "upcaster give_text of Paid raised TypeError: it gave a str"),
        (give_number, "upcaster give_number of Paid raised ValidationError"),
        (give_itself, "upcaster give_itself of Paid raised TypeError: it gave a Paid"),
    ],
)
@scene
async def test_a_broken_upcaster_is_refused(
    tmp_path: Path, upcaster: Callable[[Any], Any], words: str, *, checkpoint: bool
) -> None:
    """At opening, also where a checkpoint and a snapshot would hide it; the mended one opens it."""
    store = str(tmp_path / "bank")
    await write(store, Account, what=("paid",) * 3)
    if not checkpoint:
        shutil.rmtree(tmp_path / "bank" / "derived")

    with pytest.raises(StoreMismatch, match=words):
        await Engine.open(store, Renewed, upcasters=[upcaster], options=OPTIONS)

    async with Engine.open(store, Renewed, upcasters=[renew], options=OPTIONS) as engine:
        assert (await engine.state(Renewed, "a")).count == 3


@scene
async def test_a_broken_upcaster_is_named_beside_what_has_changed() -> None:
    """Where the schema of what it takes has changed as well, the reason is still what it raised."""
    log = MemoryLog()

    class Wider(Event, tag="Paid"):
        key: str | int

    await write(log, Account, what=("paid",))
    log = log.reopen()
    log.put_schemas(log.acquire(), schema_documents([Wider]))
    with pytest.raises(StoreMismatch, match=r"(?s)upcaster fail of Paid raised ZeroDivisionError: oh.*\$.key: "):
        await Engine.open(log.reopen(), Renewed, upcasters=[fail], options=OPTIONS)


@scene
async def test_a_replay_never_fails_with_a_key_error(tmp_path: Path) -> None:
    """Should the gate ever be wrong, the one who wakes the aggregate reads position, event and aggregate."""
    store = str(tmp_path / "bank")
    await write(store, Account)

    async def pass_all(*_: object) -> bool:
        return False

    with patch.object(SchemaGate, "check", pass_all):
        async with Engine.open(store, Forgetful, Bonuses, options=OPTIONS) as engine:
            with pytest.raises(StoreMismatch, match="at position 2 .* Account has no @evolve for `Bonus`"):
                await engine.state(Forgetful, "a")


def teller(
    fields: dict[str, Any],
    make: Callable[[type[Event], Write], list[Event]],
    defaults: Mapping[str, object] = MappingProxyType({}),
    **options: Any,
) -> type[Aggregate]:
    """An aggregate with one event, of these fields besides its key, made from a command."""
    annotations = {"key": str, **fields}
    content = {"__annotations__": annotations, **defaults}
    told = types.new_class("Told", (Event,), options, lambda namespace: namespace.update(content))

    def write(self: Any, command: Write) -> list[Event]:
        return make(told, command)

    def evolved(self: Any, event: Event) -> None:
        self.told = str(event)

    write.__annotations__.update(command=Write)
    write.__annotations__["return"] = list[told]  # type: ignore[valid-type]
    evolved.__annotations__.update(event=told)
    members = {"__annotations__": {"told": str}, "told": "", "write": decide(write), "evolved": evolve(evolved)}
    return types.new_class("Teller", (Aggregate,), {"key": "key"}, lambda namespace: namespace.update(members))


def grades(*values: str) -> type[Aggregate]:
    """A teller whose event has a field with so many values."""

    def make(told: Any, command: Write) -> list[Event]:
        return [told(key=command.key, grade=what) for what in command.what]

    return teller({"grade": Literal[values]}, make)


def ledger(*fields: str, array_like: bool = True, last: str | None = None) -> type[Aggregate]:
    """A teller whose event is stored by place, each field with the number of the place that it was written at.

    A last field has a default.
    """
    defaults = {} if last is None else {last: 0}

    def make(told: Any, command: Write) -> list[Event]:
        return [told(key=command.key, **{what: number for number, what in enumerate(command.what)})]

    return teller(dict.fromkeys((*fields, *defaults), int), make, defaults, array_like=array_like)


class Looks:
    """Notes from where logs are looked through."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.starts: list[int] = []

    @property
    def method(self) -> Any:
        """In the place of the gate's."""

        async def look_through(gate: SchemaGate, start: int, suspects: Any) -> Any:
            self.starts.append(start)
            return await LOOK_THROUGH(gate, start, suspects)

        return look_through


LOOK_THROUGH = SchemaGate._look_through


@scene
async def test_a_log_is_looked_through_once(tmp_path: Path) -> None:
    """Where a change affects no stored event, the next opening starts from there; also when it went back and forth."""
    store, wide, narrow = str(tmp_path / "bank"), grades("a", "b"), grades("a")
    await write(store, wide, what=("a", "a"))
    looks = Looks()
    with patch.object(SchemaGate, "_look_through", looks.method):
        await write(store, narrow, what=("a",))
        assert looks.starts == [1]
        for _ in range(2):
            async with Engine.open(store, narrow, options=OPTIONS):
                pass
        assert looks.starts == [1]
        shutil.rmtree(tmp_path / "bank" / "derived")
        async with Engine.open(store, narrow, options=OPTIONS):
            pass
        assert looks.starts == [1, 1]
        await write(store, wide, what=("b",))
        assert looks.starts == [1, 1]
        with pytest.raises(StoreMismatch, match=r"'Told', at position 4 among others:\s+\$.grade: it can't be 'b'"):
            await Engine.open(store, narrow, options=OPTIONS)


@scene
async def test_what_was_passed_survives_a_kill(tmp_path: Path) -> None:
    """It is saved at once, not at closing."""
    store = str(tmp_path / "bank")
    await write(store, Account, what=("paid",))
    engine = await Engine.open(store, Renewed, upcasters=[renew], options=OPTIONS)
    shutil.copytree(tmp_path / "bank", tmp_path / "killed")
    await engine.close()
    looks = Looks()
    with patch.object(SchemaGate, "_look_through", looks.method):
        async with Engine.open(str(tmp_path / "killed"), Renewed, upcasters=[renew], options=OPTIONS):
            pass
    assert looks.starts == []


@scene
async def test_the_loop_has_its_turns(tmp_path: Path) -> None:
    """A log is looked through in slices, so that a signal or a cancellation is heard."""
    store, options = str(tmp_path / "bank"), Options(gc_policy="none", durability="relaxed", replay_slice_events=1)
    async with Engine.open(store, grades("a", "b"), options=options) as engine:
        for _ in range(20):
            await engine.send(Write(key="a", what=["a"]))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    opened = []

    async def look(gate: SchemaGate, start: int, suspects: Any) -> Any:
        before = turns
        found = await LOOK_THROUGH(gate, start, suspects)
        opened.append(turns - before)
        return found

    with patch.object(SchemaGate, "_look_through", look):
        async with Engine.open(store, grades("a"), options=options):
            pass
    counting.cancel()
    assert opened[0] >= 20


@scene
async def test_checkpoints_of_older_versions_say_nothing(tmp_path: Path) -> None:
    """Their closing record ends earlier; the log is looked through then, and refused as ever."""
    store = str(tmp_path / "bank")
    with patch(
        "actum.recovery.checkpoints.Closing",
        lambda position, frame_hash, views, _: Closing(position, frame_hash, views),
    ):
        await write(store, Account)
    with pytest.raises(StoreMismatch, match="no @evolve for `Bonus`"):
        await Engine.open(store, Forgetful, Bonuses, options=OPTIONS)
    async with Engine.open(store, Account, options=OPTIONS) as engine:
        assert (await engine.state(Account, "a")).count == 2


@scene
async def test_fields_that_are_stored_by_place_keep_their_places() -> None:
    """Two of one type that changed places would be read as each other, without an error."""
    log, before, after = MemoryLog(), ledger("credit", "debit"), ledger("debit", "credit")
    await write(log, before, what=("debit", "credit"))

    with pytest.raises(StoreMismatch, match="the place of credit is that of debit now"):
        await Engine.open(log.reopen(), after, options=OPTIONS)
    async with Engine.open(log.reopen(), before, options=OPTIONS) as engine:
        assert "debit=0" in str(await engine.state(before, "a"))


@scene
async def test_places_may_change_before_anything_is_stored(tmp_path: Path) -> None:
    """What was passed stays passed, also with a field more; without a checkpoint nobody knows who wrote what."""
    store, before, after = str(tmp_path / "bank"), ledger("credit", "debit"), ledger("debit", "credit")
    async with Engine.open(store, before, options=OPTIONS):
        pass
    await write(store, after, what=("debit", "credit"))
    await write(store, after, what=("debit", "credit"))
    longer = ledger("debit", "credit", last="fee")
    async with Engine.open(store, longer, options=OPTIONS) as engine:
        assert "debit=0, credit=1" in str(await engine.state(longer, "a"))
    shutil.rmtree(tmp_path / "bank" / "derived")
    with pytest.raises(StoreMismatch, match="the place of credit is that of debit now"):
        await Engine.open(store, after, options=OPTIONS)


@scene
async def test_a_schema_that_wrote_nothing_is_no_witness(tmp_path: Path) -> None:
    """It is stored at opening: that its order was known once does not say that anything was written in it."""
    store, other, writer = str(tmp_path / "bank"), ledger("debit", "credit"), ledger("credit", "debit")
    async with Engine.open(store, other, options=OPTIONS):
        pass
    await write(store, writer, what=("credit", "debit"))
    shutil.rmtree(tmp_path / "bank" / "derived")  # as after a crash, or in a backup
    with pytest.raises(StoreMismatch, match="the place of credit is that of debit now"):
        await Engine.open(store, other, options=OPTIONS)


@scene
async def test_another_layout_is_refused_with_a_fix_that_is_possible() -> None:
    """All events of a log are maps, or all are stored by place: another tag would not help."""
    log = MemoryLog()
    await write(log, ledger("credit", array_like=False), what=("credit",))
    with pytest.raises(StoreMismatch, match="its type was object, now it is array. Write array_like= as it was"):
        await Engine.open(log.reopen(), ledger("credit"), options=OPTIONS)
