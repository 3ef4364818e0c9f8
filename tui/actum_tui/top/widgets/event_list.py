"""The events of one aggregate, oldest first: version, time, type, fields; a hundred thousand are no trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from actum_tui.safe_text import safe_text
from actum_tui.top.widgets.tail import fields_text
from actum_tui.top.widgets.tile import MUTED, cut
from actum_tui.top.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actum import StoredRecord

    from actum_tui.top.glyphs import Glyphs

#: Cells below which times have no date, and none at all.
DATE_WIDTH_MIN = 90
TIME_WIDTH_MIN = 44
TAG_WIDTH_MAX = 24


class EventList(VirtualList):
    """Records of one stream, or some of them."""

    def __init__(self, glyphs: Glyphs) -> None:
        """Without events."""
        super().__init__("events")
        self._glyphs = glyphs
        self._records: Sequence[StoredRecord] = ()
        self._shown: Sequence[int] = ()
        self._tag_width = 8

    def show(self, records: Sequence[StoredRecord], shown: Sequence[int], cursor: int) -> None:
        """Show some records.

        Args:
            records: all of the stream.
            shown: the indices of those that are seen, in order.
            cursor: the line of the one that is picked.
        """
        self._records, self._shown = records, shown
        newest = (records[index].tag for index in shown[-500:])
        self._tag_width = min(TAG_WIDTH_MAX, max((cell_len(safe_text(tag)) for tag in newest), default=8))
        self.lines_changed(len(shown), cursor)

    def line(self, number: int, width: int) -> Content:
        """One event."""
        index = self._shown[number]
        return event_line(self._records[index], len(self._records), self._tag_width, width, self._glyphs)


def event_line(record: StoredRecord, versions: int, tag_width: int, width: int, glyphs: Glyphs) -> Content:
    """One event in so many cells."""
    parts = [(f"{record.version:>{len(f'{versions:,}')},} ", "")]
    if width >= TIME_WIDTH_MIN:
        day = f"{record.timestamp:%Y-%m-%d} " if width >= DATE_WIDTH_MIN else ""
        parts.append((f"{day}{record.timestamp:%H:%M:%S}.{record.timestamp.microsecond // 1000:03} ", MUTED))
    tag = cut(safe_text(record.tag), tag_width, glyphs)
    parts.append((tag + " " * (tag_width - cell_len(tag) + 1), "bold"))
    room = width - sum(cell_len(text) for text, _ in parts)
    if room > 0:
        parts.append((cut(fields_text(record.event, record.key), room, glyphs), ""))
    return Content.assemble(*parts)
