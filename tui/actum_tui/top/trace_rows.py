"""A trace as rows of a table: what happened, drawn as a tree whose branches can be closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actum import TraceNode
from rich.text import Text

from actum_tui.safe_text import safe_text
from actum_tui.top.figures import whole
from actum_tui.top.grid import GridColumn, GridRow
from actum_tui.trace_text import ASCII, UNICODE, after, branches, node_as_data, of, what

COLUMNS = (
    GridColumn("position", right=True, sorts=False),
    GridColumn("time", sorts=False),
    GridColumn("after", right=True, sorts=False),
    GridColumn("what", sorts=False),
)
#: Without the times of day, for little room.
NARROW_COLUMNS = (COLUMNS[0], *COLUMNS[2:])
STYLES = {"command": "bold", "event": "", "step": "cyan", "deadline": "yellow"}
TROUBLE = "bold red"
OPEN, CLOSED = "▾ ", "▸ "
OPEN_ASCII, CLOSED_ASCII = "- ", "+ "
TROUBLED = frozenset({"actum.ProcessFailed", "actum.DeadlineFailed"})


def visible(nodes: Sequence[TraceNode], closed: set[int]) -> list[int]:
    """The nodes that are not below a closed one."""
    hidden: set[int] = set()
    for index, node in enumerate(nodes):
        if node.parent is not None and (node.parent in closed or node.parent in hidden):
            hidden.add(index)
    return [index for index in range(len(nodes)) if index not in hidden]


def trace_rows(
    nodes: Sequence[TraceNode], closed: set[int], views: Mapping[str, Sequence[str]], *, ascii_only: bool = False
) -> list[GridRow]:
    """The rows of the nodes that are seen, and of the views that their events change.

    Args:
        nodes: the trace.
        closed: the nodes whose branches are closed.
        views: the views that an event changes, by its type, as far as that is known.
        ascii_only: whether the terminal has nothing else.
    """
    leads = branches(nodes, ASCII if ascii_only else UNICODE)
    parents = {node.parent for node in nodes}
    rows: list[GridRow] = []
    for index in visible(nodes, closed):
        node = nodes[index]
        mark = ""
        if index in parents:
            marks = (CLOSED_ASCII, OPEN_ASCII) if ascii_only else (CLOSED, OPEN)
            mark = marks[0] if index in closed else marks[1]
        rows.append(node_row(node, index, leads[index] + mark))
        changed = views.get(node.record.tag, ()) if node.kind == "event" else ()
        if changed and index not in closed:
            rows.append(
                views_row(index, stem(leads[index], open_below=index in parents, ascii_only=ascii_only), changed)
            )
    return rows


def node_row(node: TraceNode, index: int, lead: str) -> GridRow:
    """One thing that happened."""
    record = node.record
    trouble = record.tag in TROUBLED and node.kind != "command"
    whose = of(node)
    label = Text.assemble(
        (lead, "dim"),
        (safe_text(what(node)), TROUBLE if trouble else STYLES[node.kind]),
        (f"  {safe_text(whose)}" if whose else "", "dim"),
    )
    label.no_wrap = True
    timed = node.kind != "command" or node.parent is None
    when = f"{record.timestamp:%H:%M:%S}.{record.timestamp.microsecond // 1000:03}" if timed else ""
    position = whole(record.position) if node.kind != "command" else ""
    return GridRow(
        key=str(index),
        cells=(position, when, after(node) if node.kind != "command" else "", label),
        data=node_as_data(node, index),
    )


def views_row(index: int, lead: str, views: Sequence[str]) -> GridRow:
    """Which views an event has changed."""
    names = ", ".join(views)
    label = Text.assemble((lead, "dim"), ("view " if len(views) == 1 else "views ", "dim"), (safe_text(names), "green"))
    label.no_wrap = True
    return GridRow(key=f"{index} views", cells=("", "", "", label), data={"node": index, "views": list(views)})


def stem(lead: str, *, open_below: bool, ascii_only: bool) -> str:
    """What stands before a line between a node and those below it."""
    drawn = ASCII if ascii_only else UNICODE
    above = lead[: -len(drawn.fork)] if lead else ""
    before = (drawn.line if lead.endswith(drawn.fork) else drawn.none) if lead else ""
    return above + before + (drawn.fork if open_below else drawn.end)
