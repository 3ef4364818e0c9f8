"""The catalogue: which commands, events, queries, aggregates and views exist, and who handles what.

It is built and checked once, at open. Every fault is collected and named with its fix, so that one run shows
them all. What is here is read-only afterwards.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, cast, final

import msgspec

from actum.aggregate import Aggregate
from actum.codec import decoder_of, tag_of
from actum.components import with_streams
from actum.errors import CatalogueError, Invalid, shown
from actum.fingerprints import digest, fingerprint_of, own_constants, own_functions, type_description
from actum.handlers import HandlerInfo, event_types, read_handlers
from actum.messages import TAG_FIELD, Command, Event, Query, Row
from actum.processes.kind import ProcessKind, read_process
from actum.processes.process import Process
from actum.records import Record, check_identifier
from actum.services import service_for
from actum.shapes import shape_of
from actum.subscriptions.kind import SubscriptionKind, read_subscription
from actum.subscriptions.subscription import Subscription
from actum.table_schema import TableSchema, check_schema
from actum.upcasting import Upcast, Upcasts, check_upcasts, leading_to, read_upcasters, renamed
from actum.views import Projection, View


@final
class Decision(msgspec.Struct, frozen=True):
    """How one command is decided: the handler, the services it takes, and whether it is a coroutine."""

    function: Callable[..., Any]
    services: tuple[object, ...]
    is_async: bool


@final
class AggregateKind(msgspec.Struct, frozen=True):
    """One aggregate class, read."""

    name: str
    aggregate: type[Aggregate]
    key: str
    decisions: dict[type[Command], Decision]
    evolves: dict[type[Event], Callable[[Any, Any], None]]
    fingerprint: str


@final
class ViewKind(msgspec.Struct, frozen=True):
    """One view class, read."""

    name: str
    view: type[View[Any]]
    schema: TableSchema
    projections: dict[type[Event], Projection]
    answers: dict[type[Query[Any]], Callable[[Any, Any], Any]]
    fingerprint: str


Kind: TypeAlias = AggregateKind | ViewKind | SubscriptionKind | ProcessKind


@final
class Catalogue(msgspec.Struct, frozen=True):
    """All that an engine knows of its user's code."""

    aggregates: tuple[AggregateKind, ...]
    views: tuple[ViewKind, ...]
    event_types: tuple[type[Event], ...]
    upcasts: dict[type[Event], Upcast]
    subscriptions: tuple[SubscriptionKind, ...] = ()
    services: tuple[object, ...] = ()
    processes: tuple[ProcessKind, ...] = ()

    @classmethod
    def build(
        cls, components: Sequence[type], services: Sequence[object] | None = (), upcasters: Sequence[object] = ()
    ) -> Catalogue:
        """Read and check the classes given to `Engine.open`; services None: nothing will be decided.

        Raises:
            CatalogueError: with every fault and its fix.
        """
        faults: list[str] = []
        upcasts = read_upcasters(upcasters, faults)
        aggregates: list[AggregateKind] = []
        views: list[ViewKind] = []
        subscriptions: list[SubscriptionKind] = []
        processes: list[ProcessKind] = []
        for component in unique(with_streams(components)):
            if isinstance(component, type) and issubclass(component, Aggregate) and component is not Aggregate:
                aggregates.append(AggregateReader(component, services, upcasts, faults).read())
            elif isinstance(component, type) and issubclass(component, View) and component is not View:
                views.append(ViewReader(cast("type[View[Row]]", component), upcasts, faults).read())
            elif isinstance(component, type) and issubclass(component, Subscription) and component is not Subscription:
                subscriptions.append(read_subscription(component, services, faults))
                check_types(subscriptions[-1].handlers, faults)
            elif isinstance(component, type) and issubclass(component, Process) and component is not Process:
                processes.append(read_process(component, faults))
                check_types([component, *processes[-1].reactions], faults)
            else:
                named = shown(component)  # pyright: ignore[reportUnknownArgumentType]
                what = "no Aggregate, View, Subscription or Process class"
                faults.append(f"{named} is {what}: pass classes, not instances")
        kinds: list[Kind] = [*aggregates, *views, *subscriptions, *processes]
        events = {event: None for kind in kinds for event in handled_events(kind)}
        if not aggregates and not views:  # a follower, which is given all upcasters and handles some events
            results = [result for upcast in upcasts.values() for result in upcast.results]
            events |= {result: None for result in results if result not in upcasts}
        check_upcasts(upcasts, events.keys(), {event for kind in aggregates for event in kind.evolves}, faults)
        check_types(upcasts, faults)
        if not faults:  # renamed types are made of the ones that were checked
            upcasts |= {old.source: old for event in (*events, *upcasts) for old in renamed(event)}
        check_unique(aggregates, views, (*subscriptions, *processes), (*events, *upcasts), faults)
        if faults:
            raise CatalogueError(faults)
        return cls(
            tuple(aggregates),
            tuple(views),
            tuple(sorted(events, key=tag_of)),
            upcasts,
            tuple(subscriptions),
            tuple(services or ()),
            tuple(processes),
        )


class AggregateReader:
    """Reads one aggregate class."""

    def __init__(
        self, aggregate: type[Aggregate], services: Sequence[object] | None, upcasts: Upcasts, faults: list[str]
    ) -> None:
        self.aggregate = aggregate
        self.services = services
        self.upcasts = upcasts
        self.faults = faults
        self.options = aggregate.__aggregate_options__

    def read(self) -> AggregateKind:
        """The kind, with what is faulty left out and named."""
        name = self.aggregate.__name__
        check_name(self.options.name, name, self.faults)
        for field in required_fields(self.aggregate):
            self.faults.append(f"{name}.{field} has no default: give it the value it has before the first event")
        if self.options.key is None:
            self.faults.append(
                f"{name} has no key: write `class {name}(Aggregate, key=<the commands' field that names the target>)`"
            )
        handlers = read_handlers(self.aggregate, Aggregate, {"decide": Command, "evolve": Event}, self.faults)
        decides = [handler for handler in handlers if handler.role == "decide"]
        evolves = [handler for handler in handlers if handler.role == "evolve"]
        self._check_once(decides)
        self._check_once(evolves)
        if self.aggregate.__struct_config__.frozen:
            self.faults.append(f"{name} is frozen: its state changes in @evolve handlers; remove `frozen=True`")
        check_types([self.aggregate, *(handler.message for handler in handlers)], self.faults)
        evolved = {handler.message: handler.function for handler in evolves}
        decisions = {handler.message: self._decision(handler, set(evolved)) for handler in decides}
        return AggregateKind(
            self.options.name, self.aggregate, self.options.key or "", decisions, evolved, self._fingerprint(evolves)
        )

    def _check_once(self, handlers: list[HandlerInfo]) -> None:
        """Each message has one handler."""
        seen: dict[type, HandlerInfo] = {}
        for handler in handlers:
            if handler.message in seen:
                first = seen[handler.message].where
                self.faults.append(
                    f"{handler.message.__name__} has two handlers, {first} and {handler.where}: keep one"
                )
            seen[handler.message] = handler
            if handler.role == "evolve":
                check_plain(handler, self.faults)
                if handler.parameters:
                    self.faults.append(f"{handler.where}: an @evolve handler takes the event only")

    def _decision(self, handler: HandlerInfo, evolved: set[type]) -> Decision:
        """The handler of one command, its target field, its events and its services checked."""
        key = self.options.key
        if key is not None and key not in handler.message.__struct_fields__:  # type: ignore[attr-defined]
            self.faults.append(
                f"{handler.message.__name__} has no field {key!r}, the key of {self.aggregate.__name__}: add it"
            )
        if handler.returns is inspect.Signature.empty:
            self.faults.append(
                f"{handler.where} has no return annotation: write `-> <the events it gives>`, or `-> None`"
            )
        for event in event_types(handler.returns, Event):
            if event not in evolved:
                self.faults.append(
                    f"{handler.where} emits {event.__name__}, but {self.aggregate.__name__} has no @evolve for it"
                )
        if inspect.isasyncgenfunction(handler.function):
            self.faults.append(f"{handler.where} is async and yields: collect the events in a list and return it")
        given = tuple(
            service_for(handler.where, parameter, self.services, self.faults) for parameter in handler.parameters
        )
        return Decision(handler.function, given, inspect.iscoroutinefunction(handler.function))

    def _fingerprint(self, evolves: list[HandlerInfo]) -> str:
        """What a snapshot depends on: the fields, the evolve handlers and their events."""
        return digest(
            b"aggregate",
            self.options.revision.encode(),
            type_description(self.aggregate),
            fingerprint_of(own_functions(self.aggregate, Aggregate, without="decide")),
            own_constants(self.aggregate, Aggregate),
            *event_descriptions((handler.message for handler in evolves), self.upcasts),
        )


class ViewReader:
    """Reads one view class."""

    def __init__(self, view: type[View[Any]], upcasts: Upcasts, faults: list[str]) -> None:
        self.view = view
        self.upcasts = upcasts
        self.faults = faults

    def read(self) -> ViewKind:
        """The kind, with what is faulty left out and named."""
        options = self.view.__view_options__
        check_name(options.name, self.view.__name__, self.faults)
        schema = self._schema(options.row_type)
        handlers = read_handlers(self.view, View, {"project": Event, "answer": Query}, self.faults)
        projects = [handler for handler in handlers if handler.role == "project"]
        check_types([schema.row_type, *(handler.message for handler in projects)], self.faults)
        projections: dict[type[Event], Projection] = {}
        answers: dict[type[Query[Any]], Callable[[Any, Any], Any]] = {}
        for handler in handlers:
            self._check(handler, projections if handler.role == "project" else answers)
            if handler.role == "project":
                projections[handler.message] = Projection(handler.function, wants_record=bool(handler.parameters))
            else:
                answers[handler.message] = handler.function
        fingerprint = digest(
            b"view",
            options.revision.encode(),
            type_description(options.row_type or Row),
            schema.key.encode(),
            fingerprint_of(own_functions(self.view, View, without="answer")),
            own_constants(self.view, View),
            *event_descriptions((handler.message for handler in projects), self.upcasts),
        )
        return ViewKind(options.name, self.view, schema, projections, answers, fingerprint)

    def _schema(self, row_type: type[Row] | None) -> TableSchema:
        """The table's shape, checked."""
        name = self.view.__name__
        if row_type is None:
            self.faults.append(f"{name} has no row type: write `class {name}(View[<a Row>])`")
            return TableSchema(row_type=Row, key="")
        options = row_type.__row_options__
        if options.key is None:
            self.faults.append(
                f"{row_type.__name__} has no key: "
                f"write `class {row_type.__name__}(Row, key=<the field that identifies a row>)`"
            )
            return TableSchema(row_type=row_type, key="")
        schema = TableSchema(
            row_type=row_type, key=options.key, indexes=options.indexes, hash_indexes=options.hash_indexes
        )
        self.faults.extend(check_schema(schema))
        return schema

    def _check(self, handler: HandlerInfo, known: dict[Any, Any]) -> None:
        """One handler per message, synchronous, with the parameters its role may have."""
        if handler.message in known:
            self.faults.append(
                f"{handler.where}: {self.view.__name__} handles {handler.message.__name__} twice: keep one handler"
            )
        check_plain(handler, self.faults)
        if handler.role == "project" and handler.parameters not in ((), (Record,)):
            self.faults.append(
                f"{handler.where}: after the event a projection may take one `record: Record`, no services"
            )
        if handler.role == "answer" and handler.parameters:
            self.faults.append(f"{handler.where}: an answer takes the query only")


def check_plain(handler: HandlerInfo, faults: list[str]) -> None:
    """State and rows change at once, in memory: their handlers are plain functions."""
    function = handler.function
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        faults.append(
            f"{handler.where} is async: an @{handler.role} handler works in memory and at once; make it `def`"
        )
    elif inspect.isgeneratorfunction(function):
        faults.append(f"{handler.where} yields: an @{handler.role} handler is called, not iterated; remove the `yield`")


def unique(components: Sequence[object]) -> list[object]:
    """Each component once; instances, which may not be hashable, are refused later."""
    return list({id(component): component for component in components}.values())


def handled_events(kind: Kind) -> Iterable[type[Event]]:
    """The events that an aggregate, a view, a subscription or a process knows."""
    if isinstance(kind, AggregateKind):
        return kind.evolves
    if isinstance(kind, ProcessKind):
        return kind.reactions
    return kind.projections if isinstance(kind, ViewKind) else kind.handlers


def check_unique(
    aggregates: list[AggregateKind],
    views: list[ViewKind],
    consumers: Sequence[SubscriptionKind | ProcessKind],
    events: tuple[type[Event], ...],
    faults: list[str],
) -> None:
    """One name per aggregate, view and consumer, one handler per command and query, one tag per event."""
    subscriptions = [
        (kind.name, kind.subscription.__name__) for kind in consumers if isinstance(kind, SubscriptionKind)
    ]
    processes = [(kind.name, kind.process.__name__) for kind in consumers if isinstance(kind, ProcessKind)]
    for what, pairs in {
        "aggregates": [(kind.name, kind.aggregate.__name__) for kind in aggregates],
        "views": [(kind.name, kind.view.__name__) for kind in views],
        "subscriptions": subscriptions,
        "processes": processes,
        "events": [(tag_of(event), event.__qualname__) for event in events],
    }.items():
        for name, owners in grouped(pairs).items():
            if len(owners) > 1:
                option = "tag" if what == "events" else "name"
                faults.append(
                    f"the {what} {' and '.join(owners)} are both stored as {name!r}: give one another {option}="
                )
    commands = grouped([(command, kind.aggregate.__name__) for kind in aggregates for command in kind.decisions])
    queries = grouped([(query, kind.view.__name__) for kind in views for query in kind.answers])
    for message, owners in (*commands.items(), *queries.items()):
        if len(owners) > 1:
            faults.append(f"{message.__name__} is handled by {' and '.join(owners)}: exactly one may handle it")
    layouts = {bool(event.__struct_config__.array_like) for event in events}
    if len(layouts) > 1:
        faults.append(
            "some events are array_like and some are not: all events of a log have one layout, also those that "
            "upcasters take; write array_like= as it was when the log began"
        )


def grouped(pairs: Iterable[tuple[Any, str]]) -> dict[Any, list[str]]:
    """The second halves by the first."""
    groups: defaultdict[Any, list[str]] = defaultdict(list)
    for first, second in pairs:
        groups[first].append(second)
    return groups


def event_descriptions(events: Iterable[type[Event]], upcasts: Upcasts) -> list[bytes]:
    """What some events are, and through which upcasters they can come about, in the order of their tags."""
    descriptions: list[bytes] = []
    for event in sorted(events, key=tag_of):
        descriptions += [type_description(event), *(tag.encode() for tag in event.__renamed_from__)]
        for upcast in leading_to(event, upcasts):
            descriptions += [type_description(upcast.source), upcast.code]
    return descriptions


def required_fields(aggregate: type[Aggregate]) -> list[str]:
    """The fields without a default: those that come before the defaults begin."""
    defaults = [default for default in aggregate.__struct_defaults__ if default is not msgspec.NODEFAULT]
    return list(aggregate.__struct_fields__[: len(aggregate.__struct_fields__) - len(defaults)])


def check_name(name: str, owner: str, faults: list[str]) -> None:
    """The name under which something is stored is a key like any other."""
    try:
        check_identifier(f"the name of {owner}", name)
    except Invalid as error:
        faults.append(f"{error}: give another name=")


def check_types(described: Iterable[type], faults: list[str]) -> None:
    """What is stored must be readable again: msgspec says whether it can decode a type."""
    for one in dict.fromkeys(described):
        fault = type_fault(one)
        if fault is not None and fault not in faults:
            faults.append(fault)


def type_fault(described: type) -> str | None:
    """Why a type can't be stored and read again, or None."""
    try:
        decoder_of(described)
        if issubclass(described, Event):
            shape_of(described)
    except Exception as error:  # noqa: BLE001  # whatever msgspec or an annotation raises
        return f"{described.__name__} can't be stored and read again: {error}: change the field's type"
    configuration = described.__struct_config__ if issubclass(described, Event) else None
    if configuration is not None and not (configuration.tag_field == TAG_FIELD and isinstance(configuration.tag, str)):
        return f"{described.__name__}: an event's tag is a string in the field {TAG_FIELD!r}: remove tag_field="
    return None
