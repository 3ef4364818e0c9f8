"""Records as rows of a table, in columns that fit the terminal."""

from __future__ import annotations

from actum import StoredRecord

from actum_tui.safe_text import safe_text
from actum_tui.top.figures import whole
from actum_tui.top.glyphs import Glyphs
from actum_tui.top.grid import GridColumn, GridRow
from actum_tui.top.widgets.tail import fields_text
from actum_tui.top.widgets.tile import cut
from actum_tui.verbs.events import as_data

#: Where there is more room than this, times have milliseconds, and where there is very much, dates.
MILLISECONDS_WIDTH, DATE_WIDTH = 84, 120
PADDING = 2
OF_WIDTH_MAX, TYPE_WIDTH_MAX = 40, 28
FIELDS_WIDTH_MIN = 8
OWN = "actum."
PROCESSES, DEADLINES = "actum.Processes", "actum.Deadlines"


def event_columns(width: int, head: int) -> tuple[GridColumn, ...]:
    """Columns for so many cells.

    Args:
        width: of the table.
        head: the last position, which must fit.
    """
    position = max(len("position") + 1, len(whole(head)))
    time = 8 if width < MILLISECONDS_WIDTH else 12 if width < DATE_WIDTH else 18
    left = max(0, width - position - time - 5 * PADDING)
    of, kind = min(OF_WIDTH_MAX, left * 4 // 10), min(TYPE_WIDTH_MAX, left * 3 // 10)
    return (
        GridColumn("position", right=True, width=position),
        GridColumn("time", width=time),
        GridColumn("of", width=of),
        GridColumn("type", width=kind),
        GridColumn("fields", width=max(FIELDS_WIDTH_MIN, left - of - kind), sorts=False),
    )


def event_row(record: StoredRecord, columns: tuple[GridColumn, ...], glyphs: Glyphs) -> GridRow:
    """One record; what the engine writes for itself stands back."""
    when = f"{record.timestamp:%m-%d %H:%M:%S}.{record.timestamp.microsecond // 1000:03}"
    width = columns[1].width or 0
    when = when if width == len(when) else when[6 : 6 + width]
    whose = of(record)
    texts = (
        whole(record.position),
        when,
        safe_text(whose),
        safe_text(record.tag),
        fields_text(record.event, record.key),
    )
    cells = [cut(text, column.width or 0, glyphs) for text, column in zip(texts, columns, strict=True)]
    return GridRow(
        key=str(record.position),
        cells=cells,
        order=(record.position, record.timestamp_ns, whose, record.tag, ""),
        data=as_data(record),
        style="dim" if record.aggregate.startswith(OWN) else "",
    )


def of(record: StoredRecord) -> str:
    """Whose event it is, in short: the engine's own streams are named by what they are about."""
    if record.aggregate == PROCESSES:
        return f"{record.key}@{record.version}"
    if record.aggregate == DEADLINES:
        return f"deadline {record.key}@{record.version}"
    return f"{record.aggregate}/{record.key}@{record.version}"
