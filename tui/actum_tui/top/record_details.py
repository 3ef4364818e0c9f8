"""Everything about one record, as lines: what it is, whose, when, which ids it has, and its event field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from actum import StoredRecord
from rich.cells import cell_len
from textual.content import Content

from actum_tui.output import to_json
from actum_tui.safe_text import safe_text
from actum_tui.top.figures import whole
from actum_tui.top.widgets.tail import TYPE_FIELD
from actum_tui.top.widgets.tile import MUTED

#: What is more is not shown, which is said.
LINES_MAX = 500
VALUE_CHARACTERS_MAX = 2_000
DEPTH_MAX = 20
NAME_WIDTH = 12


def record_details(record: StoredRecord, schema: Mapping[str, Any] | None = None) -> Content:
    """All lines.

    Args:
        record: the record.
        schema: the JSON Schema of its event's type, if it is known.
    """
    said = "" if schema is None else f"  {described(schema)}"
    lines = [
        Content.assemble((safe_text(record.tag), "bold $text-primary"), (said, MUTED)),
        named("of", f"{record.aggregate}/{record.key}", f"version {whole(record.version)}"),
    ]
    event = record.event
    payload: Any = event[1:] if isinstance(event, list) else {**event}
    if isinstance(event, dict):
        payload.pop(TYPE_FIELD, None)
    for count, line in enumerate(tree(payload, 1)):
        if count == LINES_MAX:
            lines.append(Content.styled("  … more: y copies all of it", MUTED))
            break
        lines.append(line)
    return Content("\n").join([*lines, *origin(record)])


def origin(record: StoredRecord) -> Iterator[Content]:
    """What a record says beside its event."""
    yield named("time", f"{record.timestamp:%Y-%m-%d %H:%M:%S.%f} UTC")
    before = f"the one before is {whole(record.previous)}" if record.previous else "the first of its aggregate"
    yield named("position", whole(record.position), before)
    for name, value in (
        ("user", record.user_id),
        ("command", str(record.command_id)),
        ("correlation", record.correlation_id),
        ("causation", record.causation_id),
        ("traceparent", record.traceparent),
    ):
        if value is not None:
            yield named(name, value)


def named(name: str, value: str, beside: str = "") -> Content:
    """A name and its value, and more of it."""
    return Content.assemble(
        (f"{name:<{NAME_WIDTH}}", MUTED), safe_text(value), (f"  {beside}" if beside else "", MUTED)
    )


def described(schema: Mapping[str, Any]) -> str:
    """What a schema says in short: how many fields, and how many need not be there."""
    definitions = mapping(schema.get("$defs"))
    own = mapping(definitions.get(str(schema.get("$ref")).rpartition("/")[2])) or schema
    names = [name for name in mapping(own.get("properties")) if name != TYPE_FIELD]
    if not names:
        return ""
    optional = sum(1 for name in names if name not in (own.get("required") or ()))
    return f"schema: {len(names)} fields" + (f", {optional} of them optional" if optional else "")


def mapping(value: object) -> Mapping[str, Any]:
    """The fields of a part of a schema; none if it has none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def tree(value: object, depth: int) -> Iterator[Content]:
    """A value that holds others, one line each; what lies too deep stands in one line."""
    blank = "  " * depth
    found = items(value)
    width = min(NAME_WIDTH, max((cell_len(name) for name, inner in found if not items(inner)), default=0))
    for name, inner in found:
        if items(inner) and depth < DEPTH_MAX:
            yield Content.assemble(blank, (name, "$text-primary"))
            yield from tree(inner, depth + 1)
        else:
            yield Content.assemble(blank, (f"{name:<{width}}  ", "$text-primary"), value_text(inner))


def items(value: object) -> list[tuple[str, object]]:
    """What a value holds, by name or number; nothing if it holds no others."""
    if isinstance(value, dict):
        return [(safe_text(str(name)), inner) for name, inner in cast("Mapping[Any, object]", value).items()]
    if isinstance(value, list):
        return [(str(number), inner) for number, inner in enumerate(cast("Sequence[object]", value))]
    return []


def value_text(value: object) -> str:
    """A single value, a text in quotes, so that an empty one and a number in a text are seen."""
    text = to_json(value)
    return safe_text(text[:VALUE_CHARACTERS_MAX]) + ("…" if len(text) > VALUE_CHARACTERS_MAX else "")
