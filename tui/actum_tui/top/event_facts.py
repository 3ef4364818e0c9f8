"""One event in full, as text: which, when, by whom, through what, and its fields. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from actum_tui.safe_text import safe_text
from actum_tui.top.figures import seconds, whole
from actum_tui.top.widgets.state_pane import value_text
from actum_tui.top.widgets.tail import TYPE_FIELD
from actum_tui.top.widgets.tile import MUTED

if TYPE_CHECKING:
    from actum import StoredRecord

SECOND_NS = 1e9


def event_facts(record: StoredRecord, before: StoredRecord | None) -> Content:
    """An event and what is known of it.

    Args:
        record: the event.
        before: the one before it in its stream.
    """
    after = "" if before is None else f"  {seconds((record.timestamp_ns - before.timestamp_ns) / SECOND_NS)} later"
    when = f"{record.timestamp:%Y-%m-%d %H:%M:%S}.{record.timestamp.microsecond // 1000:03} UTC"
    lines = [
        Content.assemble(
            (safe_text(record.tag), "bold"), (f"  version {whole(record.version)}  @{whole(record.position)}", MUTED)
        ),
        Content.assemble(when, (after, MUTED)),
    ]
    ids = (("user", record.user_id), ("correlation", record.correlation_id), ("causation", record.causation_id))
    who = [f"{name} {safe_text(value)}" for name, value in ids if value is not None]
    who.append(f"command {record.command_id}")
    lines += [Content.styled(line, MUTED) for line in who]
    fields = fields_of(record)
    names = max((cell_len(safe_text(name)) for name in fields), default=0)
    lines += [
        Content.assemble((f"  {safe_text(name).ljust(names)}  ", MUTED), value_text(value))
        for name, value in fields.items()
    ]
    return Content("\n").join(lines)


def fields_of(record: StoredRecord) -> dict[str, object]:
    """The fields of an event by name; by number if it is stored by place."""
    if isinstance(record.event, list):
        return {str(number): value for number, value in enumerate(record.event[1:])}
    return {name: value for name, value in record.event.items() if name != TYPE_FIELD}
