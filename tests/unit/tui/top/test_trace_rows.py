"""A trace as rows that open and close."""

from __future__ import annotations

from typing import Any

from actum import StoredRecord, TraceNode
from actum_tui.top.trace_rows import trace_rows, visible


def node(parent: int | None, depth: int, kind: Any, tag: str, **changes: Any) -> TraceNode:
    """A node."""
    record = StoredRecord(
        event={"@type": tag, **changes},
        aggregate="Order",
        key="[b]o1",
        version=1,
        previous=0,
        timestamp_ns=1_767_225_600_000_000_000,
        command_id_bytes=bytes(16),
        user_id="ann",
        position=depth + 1,
    )
    return TraceNode(kind=kind, name="Parcel/o1", parent=parent, depth=depth, after_ns=1_500_000, record=record)


NODES = (
    node(None, 0, "command", "OrderPlaced"),
    node(0, 1, "event", "OrderPlaced"),
    node(1, 2, "step", "actum.ProcessFailed", reason="[red]no"),
    node(0, 1, "event", "OrderPaid"),
)


def labels(closed: set[int], views: dict[str, list[str]], *, ascii_only: bool = False) -> list[str]:
    """What the rows say."""
    return [str(row.cells[3]) for row in trace_rows(NODES, closed, views, ascii_only=ascii_only)]


def test_a_tree_with_the_views_that_events_change() -> None:
    """Below each event whose views are known; the branches go on beside them."""
    assert labels(set(), {"OrderPlaced": ["Orders", "Totals"], "OrderPaid": ["Orders"]}) == [
        "▾ Parcel/o1  by ann",
        "├─ ▾ OrderPlaced  Order/[b]o1@1",
        "│  ├─ views Orders, Totals",
        "│  └─ Parcel/o1 failed: [red]no",
        "└─ OrderPaid  Order/[b]o1@1",
        "   └─ view Orders",
    ]


def test_what_is_closed_hides_what_is_below() -> None:
    """Also what lies deeper, and the views."""
    assert labels({1}, {"OrderPlaced": ["Orders"]}) == [
        "▾ Parcel/o1  by ann",
        "├─ ▸ OrderPlaced  Order/[b]o1@1",
        "└─ OrderPaid  Order/[b]o1@1",
    ]
    assert visible(NODES, {0}) == [0]
    assert visible(NODES, set()) == [0, 1, 2, 3]


def test_a_terminal_that_has_only_ascii() -> None:
    """The same in other characters."""
    assert all(label.isascii() for label in labels({1}, {}, ascii_only=True))


def test_cells() -> None:
    """A command has no position of its own; times stand where something has a record; what failed is red."""
    rows = trace_rows(NODES, set(), {})
    assert [row.cells[0] for row in rows] == ["", "2", "3", "2"]
    assert rows[1].cells[1:3] == ("00:00:00.000", "+1.50 ms")
    assert "red" in str(rows[2].cells[3].spans)  # type: ignore[union-attr]
    assert [row.key for row in trace_rows(NODES, set(), {"OrderPaid": ["V"]})] == ["0", "1", "2", "3", "3 views"]
