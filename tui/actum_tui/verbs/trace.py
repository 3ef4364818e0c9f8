"""`trace`: what has come of a command."""

from __future__ import annotations

import click
from actum import StoredTrace

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.trace_text import after, branches, node_as_data, of, what


def register(command: click.Group) -> None:
    """Add the verb."""
    at = click.option("--at", "position", type=click.IntRange(1), help="A position that is known to belong to it.")
    verb(command, "trace")(click.argument("identifier", metavar="ID")(at(trace)))


def trace(call: Call, identifier: str, position: int | None) -> Answer:
    """Show what has come of a command, as a tree: events, steps of processes, their commands, deadlines, with times.

    ID is a correlation id or a command's id, as given to `send`, or the position of an event. The log is looked through
    backwards for it, then forwards: with --at from a position that is known to belong to it.
    """
    with call.open() as store, call.progress("looking") as progress:
        if identifier.isdecimal() and position is None and 1 <= int(identifier) <= store.head.position:
            position = int(identifier)
            identifier = store.trace_id(position)
        found = store.trace(identifier, position=position, progress=progress)
    data = {
        "id": found.id,
        "nodes": [node_as_data(node, index) for index, node in enumerate(found.nodes)],
        "first": found.first,
        "last": found.last,
        "whole": found.whole,
    }
    if not found.nodes:
        return Answer(data, [f"nothing belongs to {identifier}: looked at positions {found.first:,} to {found.last:,}"])
    hints = [] if found.whole else [f"more belongs to it: these are the first {len(found.records):,} records"]
    return Answer(data, [listing(found), *hints])


def listing(found: StoredTrace) -> Listing:
    """A trace for people."""
    made = Listing(("position", "time", "after", "what", "of"), frozenset({"position", "after"}), folded=False)
    for node, branch in zip(found.nodes, branches(found.nodes), strict=True):
        is_command = node.kind == "command"
        made.add(
            None if is_command else node.record.position,
            None if is_command and node.parent is not None else node.record.timestamp,
            "" if is_command else after(node),
            branch + what(node),
            of(node),
            style={"deadline": "yellow", "step": "cyan"}.get(node.kind, ""),
        )
    return made
