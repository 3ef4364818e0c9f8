"""The catalogue: every fault of the classes given to `Engine.open`, all of them in one error, each with its fix."""

from __future__ import annotations

import types
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol, runtime_checkable

import pytest
from actum import (
    Aggregate,
    CatalogueError,
    Command,
    Engine,
    Event,
    MemoryLog,
    Query,
    Record,
    Row,
    Value,
    View,
    answer,
    decide,
    evolve,
    project,
)
from actum.kinds.catalogue import Catalogue

from tests.support.bank import Account, Activities, Assessor, Balances, HeldAssessor


class Open(Command):
    """Opens a door."""

    door: str


class Close(Command):
    """Closes a door."""

    door: str


class Keyless(Command):
    """Names no door."""

    handle: str


class Opened(Event):
    """A door is open."""

    door: str


class Closed(Event):
    """A door is closed."""

    door: str


class OpenedToo(Event, tag="Opened"):
    """Another event under the same tag."""

    door: str


class Packed(Event, array_like=True):
    """An event of the other layout."""

    door: str


class Which(Query[list[str]]):
    """Which doors are open."""


class DoorRow(Row, key="door", indexes=["since"]):
    """One door."""

    door: str
    since: int = 0


class Door(Aggregate, key="door"):
    """A sound aggregate."""

    is_open: bool = False

    @decide
    def open(self, command: Open) -> Opened:
        """Open it."""
        return Opened(door=command.door)

    @evolve
    def opened(self, event: Opened) -> None:
        """It is open."""
        self.is_open = True


class Doors(View[DoorRow]):
    """A sound view."""

    @project
    def opened(self, event: Opened) -> None:
        """Another row."""
        self.put(DoorRow(door=event.door))

    @answer
    def which(self, query: Which) -> list[str]:
        """All of them."""
        return [row.door for row in self]


@runtime_checkable
class Locksmith(Protocol):
    """A service."""

    def lock(self) -> None:
        """Lock."""
        ...


class Smith:
    """One that fits."""

    def lock(self) -> None:
        """Lock."""


def faults_of(*components: Any, services: tuple[object, ...] = ()) -> list[str]:
    """What is wrong with some classes."""
    try:
        Catalogue.build(components, services)
    except CatalogueError as error:
        return error.faults
    return []


def one_fault(*components: Any, services: tuple[object, ...] = ()) -> str:
    """The only thing that is wrong with some classes."""
    faults = faults_of(*components, services=services)
    assert len(faults) == 1, faults
    return faults[0]


def says(fault: str, *words: str) -> bool:
    """Whether a fault names all of these; the wording between them is free."""
    return all(word in fault for word in words)


def test_a_sound_catalogue_knows_everything() -> None:
    """Aggregates, views, commands, queries and events, each where it belongs; events in the order of their tags."""
    catalogue = Catalogue.build([Account, Balances, Activities, Door, Doors], [HeldAssessor()])
    assert [kind.name for kind in catalogue.aggregates] == ["Account", "Door"]
    assert [kind.name for kind in catalogue.views] == ["Balances", "Activities", "Doors"]
    assert [event.__name__ for event in catalogue.event_types] == ["Deposited", "Noted", "Opened", "Withdrawn"]
    assert list(catalogue.aggregates[1].decisions) == [Open]
    assert list(catalogue.views[2].answers) == [Which]


def test_the_same_class_twice_counts_once() -> None:
    """Giving a class twice is no fault."""
    assert len(Catalogue.build([Door, Door]).aggregates) == 1


def test_all_faults_come_in_one_error() -> None:
    """The message numbers every fault, so that one run shows them all."""

    class Gate(Aggregate):
        color: str

        @decide
        def open(self, command: Open) -> Opened:
            return Opened(door=command.door)

        @decide
        def keyless(self, command: Keyless):  # type: ignore[no-untyped-def]  # noqa: ANN202  # the fault itself
            """No annotation."""

    with pytest.raises(CatalogueError) as caught:
        Engine.open(MemoryLog(), Gate, DoorRow)  # type: ignore[arg-type]
    error = caught.value
    assert len(error.faults) == 5
    said = "the engine can't open: 5 faults in the catalogue\n  1. Gate.color has no default"
    assert str(error).startswith(said)
    assert all(f"\n  {number}. {fault}" in str(error) for number, fault in enumerate(error.faults, 1))


def test_one_fault_is_called_one_fault() -> None:
    """The message speaks English."""
    with pytest.raises(CatalogueError, match="1 fault in the catalogue"):
        Catalogue.build([object])


@pytest.mark.parametrize("component", [object, Aggregate, View, DoorRow, 7, "Door", Smith()])
def test_what_is_no_component_is_refused(component: object) -> None:
    """Only subclasses of Aggregate and View can be given."""
    assert "is no Aggregate, View, Subscription or Process class" in one_fault(component)


def test_an_instance_of_an_aggregate_is_refused() -> None:
    """A class is wanted; the engine makes the instances."""
    assert "is no Aggregate, View, Subscription or Process class: pass classes, not instances" in one_fault(Door())


class TestAggregates:
    """Faults of aggregate classes."""

    def test_a_field_without_default(self) -> None:
        """The state before the first event must be known."""

        class Gate(Aggregate, key="door"):
            color: str

        assert says(one_fault(Gate), "Gate.color", "has no default")

    def test_no_key(self) -> None:
        """Without a key no command finds its target."""

        class Gate(Aggregate):
            """Nothing."""

        assert one_fault(Gate).startswith("Gate has no key: write `class Gate(Aggregate, key=")

    def test_a_command_that_lacks_the_key_field(self) -> None:
        """The key must be a field of every command."""

        class Gate(Aggregate, key="door"):
            @decide
            def keyless(self, command: Keyless) -> None:
                """Nothing."""

        assert says(one_fault(Gate), "Keyless has no field 'door'", "key of Gate", "add it")

    def test_a_command_with_two_handlers_in_one_class(self) -> None:
        """Both are named."""

        class Gate(Aggregate, key="door"):
            @decide
            def one(self, command: Open) -> None:
                """Nothing."""

            @decide
            def two(self, command: Open) -> None:
                """Nothing."""

        assert says(one_fault(Gate), "Open has two handlers", "Gate.one", "Gate.two", "keep one")

    def test_a_command_with_handlers_in_two_classes(self) -> None:
        """A command goes to one aggregate."""

        class Gate(Aggregate, key="door"):
            @decide
            def open(self, command: Open) -> None:
                """Nothing."""

        assert says(one_fault(Door, Gate), "Open is handled by Door and Gate", "one")

    def test_an_event_with_two_evolve_handlers(self) -> None:
        """State changes in one place per event."""

        class Gate(Aggregate, key="door"):
            @evolve
            def one(self, event: Opened) -> None:
                """Nothing."""

            @evolve
            def two(self, event: Opened) -> None:
                """Nothing."""

        assert says(one_fault(Gate), "Opened has two handlers", "Gate.one", "Gate.two", "keep one")

    @pytest.mark.parametrize(
        "annotation", [Closed, Closed | None, list[Closed], Iterator[Opened | Closed], tuple[Closed, ...]], ids=str
    )
    def test_an_emitted_event_without_evolve(self, annotation: Any) -> None:
        """What a decision gives must be known to the state, wherever it stands in the annotation."""

        def close(self: Any, command: Any) -> Any:
            """Decide."""

        close.__annotations__.update(command=Close, **{"return": annotation})
        gate = type(Door)("Gate", (Door,), {"close": decide(close)}, key="door")  # type: ignore[misc]
        assert says(one_fault(gate), "Gate.close", "Closed", "@evolve")

    def test_a_decision_without_return_annotation(self) -> None:
        """Without it nobody can check what it emits."""

        class Gate(Aggregate, key="door"):
            @decide
            def open(self, command: Open):  # type: ignore[no-untyped-def]  # noqa: ANN202  # the fault itself
                """No annotation."""

        assert one_fault(Gate).startswith("Gate.open has no return annotation: write `-> <the events it gives>`")

    def test_an_evolve_handler_with_a_service(self) -> None:
        """Evolving is pure."""

        class Gate(Aggregate, key="door"):
            @evolve
            def opened(self, event: Opened, smith: Locksmith) -> None:
                """Nothing."""

        assert "an @evolve handler takes the event only" in one_fault(Gate, services=(Smith(),))

    def test_an_evolve_handler_that_is_a_coroutine_or_a_generator(self) -> None:
        """Calling it would change nothing, so it is refused at open."""

        class Gate(Aggregate, key="door"):
            @evolve
            async def opened(self, event: Opened) -> None:
                """Never awaited."""

        class Hatch(Aggregate, key="door"):
            @evolve
            def opened(self, event: Opened) -> Iterator[None]:
                """Never run."""
                yield None

        assert one_fault(Gate).startswith("Gate.opened ")
        assert one_fault(Hatch).startswith("Hatch.opened ")

    def test_a_decision_that_is_an_asynchronous_generator_is_refused_or_understood(self) -> None:
        """`async def` with `yield` is either a fault at open or works; it never fails at the first command."""

        class Gate(Door, key="door"):
            @decide
            async def open(self, command: Open) -> AsyncIterator[Opened]:  # type: ignore[override]
                yield Opened(door=command.door)

        faults = faults_of(Gate)
        assert len(faults) == 1
        assert faults[0].startswith("Gate.open ")

    def test_a_frozen_state(self) -> None:
        """It could never change."""

        class Gate(Aggregate, key="door", frozen=True):
            color: str = "red"

        assert says(one_fault(Gate), "Gate is frozen", "@evolve")

    @pytest.mark.parametrize("name", ["", "x" * 201, "\ud800"])
    def test_a_name_that_can_not_be_stored(self, name: str) -> None:
        """It is a key like any other."""
        gate = types.new_class("Gate", (Aggregate,), {"key": "door", "name": name})
        assert says(one_fault(gate), "the name of Gate", "name=")

    def test_two_aggregates_with_one_name(self) -> None:
        """The name in the log is unique."""

        class Gate(Aggregate, key="door", name="Door"):
            """Nothing."""

        assert says(one_fault(Door, Gate), "Door and Gate", "both stored as 'Door'", "name=")


class TestServices:
    """What decisions take beside the command."""

    class Gate(Aggregate, key="door"):
        """Needs a locksmith."""

        @decide
        def close(self, command: Close, smith: Locksmith) -> None:
            """Nothing."""

    def test_a_service_is_given_by_its_annotation(self) -> None:
        """The one that fits, whatever else is given."""
        smith = Smith()
        catalogue = Catalogue.build([self.Gate], [7, smith, "text"])
        assert catalogue.aggregates[0].decisions[Close].services == (smith,)

    def test_a_missing_service(self) -> None:
        """None of those given fits."""
        assert says(one_fault(self.Gate), "Gate.close needs a service Locksmith", "0 of those given", "services=[")

    def test_an_ambiguous_service(self) -> None:
        """Two fit: which one is meant?"""
        assert "and 2 of those given fit" in one_fault(self.Gate, services=(Smith(), Smith()))

    def test_an_annotation_that_nothing_can_be_matched_with(self) -> None:
        """A generic alias or a plain Protocol says nothing at run time."""

        class Gate(Aggregate, key="door"):
            @decide
            def close(self, command: Close, smiths: list[int]) -> None:
                """Nothing."""

        fault = one_fault(Gate, services=(Smith(),))
        assert fault.startswith("Gate.close: list[int] can't be matched")
        assert "use a class or a runtime_checkable Protocol" in fault

    def test_a_protocol_and_a_class_work_alike(self) -> None:
        """The bank's assessor is asked for by a Protocol."""
        assessor = HeldAssessor()
        catalogue = Catalogue.build([Account], [assessor])
        services = [decision.services for decision in catalogue.aggregates[0].decisions.values() if decision.is_async]
        assert services == [(assessor,)] * 2
        assert isinstance(assessor, Assessor)


class TestViews:
    """Faults of view classes."""

    def test_no_row_type(self) -> None:
        """A view is a table of rows."""

        class Bare(View):  # type: ignore[type-arg]
            """Nothing."""

        assert says(one_fault(Bare), "Bare has no row type", "class Bare(View[")

    def test_a_row_without_key(self) -> None:
        """Rows are found by a key."""

        class Bare(Row):
            door: str

        class Bares(View[Bare]):
            """Nothing."""

        assert one_fault(Bares).startswith("Bare has no key: write `class Bare(Row, key=")

    def test_unknown_fields_in_key_and_indexes(self) -> None:
        """Each is named; the rest of the class is checked as well."""

        class Odd(Row, key="door", indexes=["color", ("door", "size")], hash_indexes=["shape"]):
            door: str

        class Odds(View[Odd]):
            """Nothing."""

        faults = faults_of(Odds)
        assert len(faults) == 3
        assert [name for name in ("color", "size", "shape") if not any(repr(name) in fault for fault in faults)] == []

    def test_an_event_or_a_query_handled_twice(self) -> None:
        """One handler per message in a view."""

        class Twice(Doors):
            @project
            def again(self, event: Opened) -> None:
                """Nothing."""

            @answer
            def which_again(self, query: Which) -> list[str]:
                """Nothing."""
                return []

        faults = faults_of(Twice)
        assert len(faults) == 2
        assert says(faults[0], "Twice.again", "Opened twice")
        assert says(faults[1], "Twice.which_again", "Which twice")

    def test_a_query_answered_by_two_views(self) -> None:
        """A query has one answer."""

        class More(View[DoorRow]):
            @answer
            def which(self, query: Which) -> list[str]:
                """Nothing."""
                return []

        assert says(one_fault(Doors, More), "Which is handled by Doors and More", "one")

    def test_an_event_may_be_projected_by_many_views(self) -> None:
        """That is what views are for."""

        class More(View[DoorRow]):
            @project
            def opened(self, event: Opened) -> None:
                """Nothing."""

        assert faults_of(Door, Doors, More) == []

    def test_asynchronous_handlers(self) -> None:
        """Views work at once."""

        class Slow(View[DoorRow]):
            @project
            async def opened(self, event: Opened) -> None:
                """Nothing."""

            @answer
            async def which(self, query: Which) -> list[str]:
                """Nothing."""
                return []

        faults = faults_of(Slow)
        assert [fault.partition(" is async")[0] for fault in faults] == ["Slow.opened", "Slow.which"]

    def test_a_projection_that_is_a_generator(self) -> None:
        """Calling it would change nothing, so it is refused at open."""

        class Lazy(View[DoorRow]):
            @project
            def opened(self, event: Opened) -> Iterator[None]:
                """Never run."""
                yield None

        assert one_fault(Lazy).startswith("Lazy.opened")

    def test_a_projection_takes_a_record_and_nothing_else(self) -> None:
        """No services in views."""

        class WithRecord(View[DoorRow]):
            @project
            def opened(self, event: Opened, record: Record) -> None:
                """Fine."""

        class WithService(View[DoorRow]):
            @project
            def opened(self, event: Opened, smith: Locksmith) -> None:
                """Not fine."""

        assert faults_of(WithRecord) == []
        assert "may take one `record: Record`, no services" in one_fault(WithService, services=(Smith(),))

    def test_an_answer_takes_the_query_and_nothing_else(self) -> None:
        """Queries are answered from the rows."""

        class Curious(View[DoorRow]):
            @answer
            def which(self, query: Which, smith: Locksmith) -> list[str]:
                """Nothing."""
                return []

        assert says(one_fault(Curious, services=(Smith(),)), "Curious.which", "query only")

    def test_two_views_with_one_name(self) -> None:
        """Checkpoints are kept by name."""

        class More(View[DoorRow], name="Doors"):
            """Nothing."""

        assert says(one_fault(Doors, More), "Doors and More", "both stored as 'Doors'", "name=")


class TestEvents:
    """Faults of events, over all classes."""

    def test_two_events_with_one_tag(self) -> None:
        """A stored tag means one type."""

        class Gate(Aggregate, key="door"):
            @evolve
            def opened(self, event: OpenedToo) -> None:
                """Nothing."""

        assert says(one_fault(Door, Gate), "Opened and OpenedToo", "both stored as 'Opened'", "tag=")

    @pytest.mark.parametrize("options", [{"tag": 7}, {"tag_field": "kind"}])
    def test_a_tag_of_another_kind(self, options: dict[str, Any]) -> None:
        """A number, or in another field: the store could not be read without the class."""
        event: Any = types.new_class(
            "Odd", (Event,), options, lambda scope: scope.update(__annotations__={"door": str})
        )

        def evolved(self: Any, event: Any) -> None:
            """Nothing."""

        evolved.__annotations__["event"] = event
        members = {"evolved": evolve(evolved)}
        gate = types.new_class("Gate", (Aggregate,), {"key": "door"}, lambda scope: scope.update(members))
        assert says(one_fault(gate), "Odd", "tag")

    def test_array_like_events_beside_others(self) -> None:
        """One engine's events are of one layout; all of the other layout is fine."""

        class Gate(Aggregate, key="door"):
            @evolve
            def packed(self, event: Packed) -> None:
                """Nothing."""

        assert faults_of(Gate) == []
        assert "array_like" in one_fault(Door, Gate)


class Wood(Value):
    """A value without a tag."""

    kind: str


class Steel(Value):
    """Another: stored, the two can't be told apart."""

    grade: int


class Mixed(Event):
    """An event that can be written and not read."""

    door: str
    material: Wood | Steel


class Mix(Command):
    """A command like that."""

    door: str
    material: Wood | Steel


class MixedRow(Row, key="door"):
    """A row like that."""

    door: str
    material: Wood | Steel | None = None


class TestTypes:
    """Fields that msgspec could encode and never decode again."""

    def test_in_an_event(self) -> None:
        """The first replay would fail."""

        class Gate(Aggregate, key="door"):
            @evolve
            def mixed(self, event: Mixed) -> None:
                """Nothing."""

        assert says(one_fault(Gate), "Mixed", "union")

    def test_in_a_state(self) -> None:
        """The first snapshot would be worthless."""

        class Gate(Aggregate, key="door"):
            material: Wood | Steel | None = None

        assert says(one_fault(Gate), "Gate", "union")

    def test_in_a_row(self) -> None:
        """The first checkpoint could not be opened."""

        class Gates(View[MixedRow]):
            """Nothing."""

        assert says(one_fault(Gates), "MixedRow", "union")

    def test_in_a_command(self) -> None:
        """Every bug of its handler would be blamed on the caller."""

        class Gate(Aggregate, key="door"):
            @decide
            def mix(self, command: Mix) -> None:
                """Nothing."""

        assert says(one_fault(Gate), "Mix", "union")


def variant(base: type, *, revision: str = "", **members: Any) -> Any:
    """A child of the same name with some members changed: a user's class after an edit."""
    options = {"key": "door"} if issubclass(base, Aggregate) else {}
    members["__doc__"] = base.__doc__
    return types.new_class(
        base.__name__, (base,), {**options, "revision": revision}, lambda scope: scope.update(members)
    )


def fingerprint(component: Any) -> str:
    """The fingerprint of the only kind in a catalogue."""
    catalogue = Catalogue.build([component])
    (kind,) = [*catalogue.aggregates, *catalogue.views]  # type: ignore[misc]
    return kind.fingerprint


@project
def opened_longer_ago(self: Any, event: Opened) -> None:
    """Another projection."""
    self.put(DoorRow(door=event.door, since=1))


@evolve
def opened_only_a_little(self: Any, event: Opened) -> None:
    """Another evolution."""
    self.is_open = None


@answer
def which_in_order(self: Any, query: Which) -> list[str]:
    """Another answer."""
    return sorted(row.door for row in self)


@decide
def open_twice(self: Any, command: Open) -> list[Opened]:
    """Another decision."""
    return [Opened(door=command.door)] * 2


class TestFingerprints:
    """When derived state is made again."""

    @pytest.mark.parametrize("base", [Door, Doors])
    def test_the_same_code_has_the_same_fingerprint(self, base: type) -> None:
        """It depends on nothing but what the handlers do."""
        assert fingerprint(base) == fingerprint(base) == fingerprint(variant(base))

    @pytest.mark.parametrize("base", [Door, Doors])
    def test_a_new_revision_changes_it(self, base: type) -> None:
        """The user's word for what the fingerprint can't see."""
        assert fingerprint(variant(base, revision="2")) != fingerprint(base)

    def test_a_new_field_or_default_of_the_state_changes_it(self) -> None:
        """A snapshot lacks the field, or began elsewhere."""
        more = variant(Door, __annotations__={"color": str}, color="red")
        other = variant(Door, __annotations__={"is_open": bool}, is_open=True)
        assert len({fingerprint(Door), fingerprint(more), fingerprint(other)}) == 3

    def test_other_handler_code_changes_it(self) -> None:
        """Evolving or projecting otherwise gives another state."""
        assert fingerprint(variant(Door, opened=opened_only_a_little)) != fingerprint(Door)
        assert fingerprint(variant(Doors, opened=opened_longer_ago)) != fingerprint(Doors)

    def test_another_answer_or_decision_leaves_it(self) -> None:
        """They don't shape what is saved."""
        assert fingerprint(variant(Doors, which=which_in_order)) == fingerprint(Doors)
        assert fingerprint(variant(Door, open=open_twice)) == fingerprint(Door)

    def test_another_helper_of_the_class_changes_it(self) -> None:
        """A method that a handler calls is a part of what it does; one that is a property or a static method too."""
        helpers: list[Any] = [lambda self: 1, lambda self: 2, property(lambda self: 3), staticmethod(lambda: 4)]
        for base in (Door, Doors):
            made = {fingerprint(variant(base, helper=helper)) for helper in helpers}
            assert len(made | {fingerprint(base)}) == 5

    def test_another_key_of_the_rows_changes_it(self) -> None:
        """The same rows under another key are another table."""

        def doors(key: str) -> Any:
            row = types.new_class(
                "DoorRow", (Row,), {"key": key}, lambda scope: scope.update(__annotations__={"door": str, "floor": str})
            )
            return types.new_class("Doors", (View[row],))  # type: ignore[valid-type]

        assert fingerprint(doors("door")) == fingerprint(doors("door"))
        assert fingerprint(doors("door")) != fingerprint(doors("floor"))

    def test_a_state_without_a_schema_is_described_by_its_fields(self) -> None:
        """A type that has no JSON Schema still has a fingerprint, which follows its fields."""
        one = variant(Door, __annotations__={"kind": type}, kind=int)
        same = variant(Door, __annotations__={"kind": type}, kind=int)
        other = variant(Door, __annotations__={"sort": type}, sort=int)
        assert fingerprint(one) == fingerprint(same)
        assert fingerprint(one) != fingerprint(other)
