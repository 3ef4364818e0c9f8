"""The catalogue: which commands, events, queries, aggregates and views exist, and who handles what.

It is built and checked once, at open. Every fault is collected and named with its fix, so that one run shows
them all. What is here is read-only afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, cast, final

import msgspec

from actum.aggregate import Aggregate
from actum.codec import tag_of
from actum.components import with_streams
from actum.errors import CatalogueError, shown
from actum.kinds.aggregate import AggregateKind, AggregateReader
from actum.kinds.checks import check_types
from actum.kinds.view import ViewKind, ViewReader
from actum.messages import Event, Row
from actum.processes.kind import ProcessKind, read_process
from actum.processes.process import Process
from actum.subscriptions.kind import SubscriptionKind, read_subscription
from actum.subscriptions.subscription import Subscription
from actum.upcasting import Upcast, check_upcasts, read_upcasters, renamed
from actum.views.live_view import View

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
