"""Everything about one record, whatever it holds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from actum import StoredRecord
from actum_tui.top import record_details as module
from actum_tui.top.event_rows import event_columns, event_row
from actum_tui.top.glyphs import ASCII, UNICODE
from actum_tui.top.record_details import record_details

HOSTILE = "\x1b[31m[@click=app.quit]x[/]\u202e"
RECORD = StoredRecord(
    event={"@type": "OrderPlaced", "sku": "", "lines": [{"count": 2, "tags": []}], "note": HOSTILE, HOSTILE: None},
    aggregate="Order",
    key=HOSTILE,
    version=1_200,
    previous=7,
    timestamp_ns=1_767_225_600_123_456_000,
    command_id_bytes=bytes(16),
    correlation_id="basket-1",
    causation_id="cause",
    user_id="[bold]ann",
    traceparent="00-ab",
    position=9_120_044,
)


def changed(**changes: Any) -> StoredRecord:
    """Another one."""
    return msgspec.structs.replace(RECORD, **changes)


def test_all_of_it_is_there_as_text() -> None:
    """Ids, times, and the event field by field; nothing in it is markup or a control."""
    text = record_details(RECORD).plain
    for part in (
        *("OrderPlaced", "version 1,200", "9,120,044", "the one before is 7", "2026-01-01 00:00:00.123456 UTC"),
        *("basket-1", "cause", "[bold]ann", "00-ab", "00000000-0000-0000-0000-000000000000"),
        *('sku           ""', "lines\n    0\n      count  2\n      tags   []", "[@click=app.quit]x[/]"),
    ):
        assert part in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    first = record_details(changed(previous=0, user_id=None, event=["Moved", 5])).plain
    assert "the first of its aggregate" in first
    assert "user" not in first
    assert "0  5" in first


def test_what_its_schema_says() -> None:
    """How many fields, and how many need not be there; a schema that says nothing is passed over."""
    schema = {"properties": {"@type": {}, "sku": {}, "note": {}}, "required": ["sku"]}
    assert "OrderPlaced  schema: 2 fields, 1 of them optional" in record_details(RECORD, schema).plain
    stored = {"$ref": "#/$defs/OrderPlaced", "$defs": {"OrderPlaced": schema}}
    assert record_details(RECORD, stored).plain == record_details(RECORD, schema).plain
    assert "schema" not in record_details(RECORD, {"properties": 5}).plain


def test_very_much_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines, depth and long texts have their ends; what is missing is said."""
    monkeypatch.setattr(module, "LINES_MAX", 5)
    monkeypatch.setattr(module, "DEPTH_MAX", 2)
    assert (
        "more: y copies all of it"
        in record_details(changed(event={"@type": "T", **{f"f{n}": n for n in range(9)}})).plain
    )
    deep = {"x": {"y": {"z": 1}}}
    assert 'y  {"z":1}' in record_details(changed(event={"@type": "T", **deep})).plain
    assert len(record_details(changed(event={"@type": "T", "long": "x" * 9_000})).plain) < 3_000


@pytest.mark.parametrize("width", [20, 78, 100, 200])
def test_rows_fit(width: int) -> None:
    """Cells are no wider than their columns, which together are no wider than the table."""
    columns = event_columns(width, 9_120_044)
    if width >= 78:
        assert sum(column.width or 0 for column in columns) + 2 * len(columns) <= width
    for glyphs in (UNICODE, ASCII):
        row = event_row(RECORD, columns, glyphs)
        for cell, column in zip(row.cells, columns, strict=True):
            assert len(str(cell)) <= (column.width or 0) or width < 78
        assert row.key == "9120044"


def test_the_engine_s_own_records_stand_back() -> None:
    """They are named by what they are about."""
    columns = event_columns(200, 1)
    process = event_row(changed(aggregate="actum.Processes", key="Parcel/o1", version=2), columns, UNICODE)
    deadline = event_row(changed(aggregate="actum.Deadlines", key="d1", version=1), columns, UNICODE)
    assert (process.cells[2], process.style) == ("Parcel/o1@2", "dim")
    assert deadline.cells[2] == "deadline d1@1"
