"""The tail of the log: the newest records, one line each, the newest at the bottom; only what is visible is drawn.

```
 9,120,030  12:04:11.203  Account/acc-433 @6    Withdrawn  amount=5293
 9,120,031  12:04:11.203  Account/acc-795 @1    Deposited  amount=2078
```
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from actum import StoredRecord
from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from actum_tui.output import to_json
from actum_tui.safe_text import safe_text
from actum_tui.top.glyphs import UNICODE, Glyphs
from actum_tui.top.widgets.tile import MUTED, cut

#: Where there is less room than this, the time is left out.
TIME_WIDTH_MIN = 100
#: Characters of a record's fields that are looked at: a line is not longer.
FIELDS_SIZE_MAX = 400
GAP = "  "
#: The field that holds the tag, which a line has anyway.
TYPE_FIELD = "@type"


class Tail(Widget):
    """The newest records that there is room for."""

    DEFAULT_CSS = """
    Tail {
        width: 1fr;
        height: 1fr;
    }
    """

    def __init__(self, *, glyphs: Glyphs = UNICODE) -> None:
        """Nothing read yet."""
        super().__init__()
        self._glyphs = glyphs
        self._records: Sequence[StoredRecord] = ()
        self._empty = ""

    def show(self, records: Sequence[StoredRecord], empty: str) -> None:
        """Show these.

        Args:
            records: oldest first; the last of them are shown.
            empty: what is said if there are none.
        """
        if (records, empty) != (self._records, self._empty):
            self._records, self._empty = records, empty
            self.refresh()

    def render(self) -> Content:
        """All lines."""
        if not self._records:
            return Content.styled(f" {self._empty}", MUTED)
        return tail_content(self._records, self._glyphs, self.size.width, self.size.height)


def tail_content(records: Sequence[StoredRecord], glyphs: Glyphs, width: int, height: int) -> Content:
    """The last records, as so many lines of so many cells, their parts below each other."""
    seen = records[-height:] if height > 0 else records[:0]
    streams = [safe_text(f"{record.aggregate}/{record.key}") for record in seen]
    versions = [f"@{record.version}" for record in seen]
    tags = [safe_text(record.tag) for record in seen]
    stream_width = widest(streams, width // 3)
    version_width, tag_width = widest(versions, width), widest(tags, width // 4)
    position_width = widest((f"{record.position:,}" for record in seen), width)
    rows: list[Content] = []
    for record, stream, version, tag in zip(seen, streams, versions, tags, strict=True):
        parts: list[tuple[str, str]] = [(f" {record.position:>{position_width},}{GAP}", MUTED)]
        if width >= TIME_WIDTH_MIN:
            parts.append((f"{record.timestamp:%H:%M:%S}.{record.timestamp.microsecond // 1000:03}{GAP}", MUTED))
        parts.append((padded(stream, stream_width, glyphs), ""))
        parts.append((f" {version:<{version_width}}{GAP}", MUTED))
        parts.append((padded(tag, tag_width, glyphs), "$text-primary"))
        left = width - sum(cell_len(text) for text, _ in parts) - len(GAP)
        if left > 0:
            parts.append((GAP + cut(fields_text(record.event, record.key), left, glyphs), MUTED))
        rows.append(Content.assemble(*parts))
    return Content("\n").join(rows)


def widest(texts: Iterable[str], most: int) -> int:
    """The cells of the widest text; not more than so many."""
    return min(max(map(cell_len, texts), default=0), most)


def padded(text: str, width: int, glyphs: Glyphs) -> str:
    """A text in exactly so many cells."""
    text = cut(text, width, glyphs)
    return text + " " * (width - cell_len(text))


def fields_text(event: dict[str, Any] | list[Any], key: str) -> str:
    """What an event holds besides its aggregate's key, in one line; not all of it if that is long."""
    if isinstance(event, list):
        return ", ".join(value_text(value) for value in event[1:] if value != key)[:FIELDS_SIZE_MAX]
    parts: list[str] = []
    size = 0
    for name, value in event.items():
        if name == TYPE_FIELD or value == key or size > FIELDS_SIZE_MAX:
            continue
        parts.append(f"{safe_text(name)}={value_text(value)}")
        size += len(parts[-1])
    return "  ".join(parts)[:FIELDS_SIZE_MAX]


def value_text(value: object) -> str:
    """A field's value in one line."""
    if isinstance(value, str):
        return safe_text(value[:FIELDS_SIZE_MAX])
    return safe_text(to_json(value)[:FIELDS_SIZE_MAX])
