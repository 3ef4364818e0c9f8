"""A trace in words: what each of its nodes says, and the branches of its tree. For the verb and for the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from actum import StoredRecord, TraceNode

from actum_tui.output import duration
from actum_tui.top.figures import seconds
from actum_tui.verbs.events import as_data, moment_of

SECOND_NS = 1e9

#: What the engine's own records say, by their types.
OUTCOMES = {
    "actum.ProcessFailed": "failed",
    "actum.ProcessEnded": "was ended",
    "actum.DeadlineFired": "fired",
    "actum.DeadlineFailed": "refused",
    "actum.DeadlineCancelled": "cancelled",
}


class Branches(NamedTuple):
    """The characters of a tree, each as wide as the others."""

    fork: str
    end: str
    line: str
    none: str


UNICODE = Branches("├─ ", "└─ ", "│  ", "   ")
ASCII = Branches("|- ", "`- ", "|  ", "   ")


def branches(nodes: Sequence[TraceNode], drawn: Branches = UNICODE) -> list[str]:
    """What stands before each node: the lines that lead to it. Those without a cause have none."""
    last: dict[int | None, int] = {node.parent: index for index, node in enumerate(nodes)}
    leads: list[str] = []
    begins: list[str] = []
    for index, node in enumerate(nodes):
        if node.parent is None:
            leads.append("")
            begins.append("")
            continue
        ends = last[node.parent] == index
        begins.append(leads[node.parent] + (drawn.end if ends else drawn.fork))
        leads.append(leads[node.parent] + (drawn.none if ends else drawn.line))
    return begins


def what(node: TraceNode) -> str:
    """What happened, in a few words."""
    record = node.record
    outcome = OUTCOMES.get(record.tag, "")
    match node.kind:
        case "command":
            return node.name or "command"
        case "event":
            return record.tag
        case "step":
            return f"{node.name} {outcome or 'reacted to ' + said(record, 'event')}{reason(record)}"
        case "deadline":
            if outcome:
                return " ".join(filter(None, ["deadline", node.name, outcome])) + reason(record)
            return f"deadline {node.name} in {until_due(record)}"


def of(node: TraceNode) -> str:
    """Of which aggregate it is; by whom a command was sent."""
    record = node.record
    if node.kind == "event":
        return f"{record.aggregate}/{record.key}@{record.version}"
    if node.kind == "command" and record.user_id is not None:
        return f"by {record.user_id}"
    return ""


def after(node: TraceNode) -> str:
    """How long after its cause; nothing for what was decided at once."""
    if node.parent is None or not node.after_ns:
        return ""
    return f"+{seconds(node.after_ns / SECOND_NS)}" if node.after_ns >= 0 else f"-{seconds(-node.after_ns / SECOND_NS)}"


def node_as_data(node: TraceNode, index: int) -> dict[str, Any]:
    """A node for programs; a command has no record of its own."""
    return {
        "node": index,
        "parent": node.parent,
        "depth": node.depth,
        "kind": node.kind,
        "name": node.name,
        "what": what(node),
        "after_ns": node.after_ns,
        "command_id": str(node.record.command_id),
        "record": None if node.kind == "command" else as_data(node.record),
    }


def until_due(record: StoredRecord) -> str:
    """How long a deadline was set ahead."""
    due_ns = field_of(record, "due_ns")
    if not isinstance(due_ns, int):
        return "?"
    ahead = (due_ns - record.timestamp_ns) / SECOND_NS
    return f"{duration(ahead)}, at {moment_of(due_ns):%m-%d %H:%M:%S}"


def reason(record: StoredRecord) -> str:
    """Why something failed."""
    found = field_of(record, "reason")
    return f": {found}" if isinstance(found, str) else ""


def said(record: StoredRecord, name: str) -> str:
    """A field as text."""
    return str(field_of(record, name) or "?")


def field_of(record: StoredRecord, name: str) -> object:
    """A field of an event."""
    return record.event.get(name) if isinstance(record.event, dict) else None
