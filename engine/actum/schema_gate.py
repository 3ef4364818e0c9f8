"""The gate at opening: a log whose events today's classes can't read is refused before anything is served.

The schemas that the store has seen are compared with the classes. If all are the same, nothing more is done. Where one
differs in a way that could break, the log itself decides: it is looked through for events of that type that really
can't be read. Every reason is named at once, with its place in the event and its fix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actum_storage import StoreMismatch

from actum.codec import decode_schema, decode_stored, encode_chunk, schema_documents, tag_of
from actum.schema_changes import lost_tag, type_changes
from actum.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actum_storage import Frame, Log

    from actum.catalogue import Catalogue
    from actum.codec import Codec
    from actum.schema_changes import SchemaChange


def check_schemas(log: Log, catalogue: Catalogue, codec: Codec) -> None:
    """Refuse a log that holds events which the classes can't read.

    Raises:
        StoreMismatch: naming every such type, what has changed, where, since which position, and the fix.
    """
    suspects = suspicious_changes(log, catalogue)
    unreadable: dict[str, int] = {}
    for frame in log.frames() if suspects else ():
        for tag, position in unreadable_in(frame, suspects.keys() - unreadable.keys(), catalogue, codec):
            unreadable.setdefault(tag, position)
        if len(unreadable) == len(suspects):
            break
    if unreadable:
        raise StoreMismatch(
            "the log holds events that the classes given to Engine.open can't read:"
            + "".join(described(tag, position, suspects[tag]) for tag, position in sorted(unreadable.items()))
        )


def suspicious_changes(log: Log, catalogue: Catalogue) -> dict[str, list[SchemaChange]]:
    """What could keep events from being read, by tag: stored schemas that are not today's, and how they differ."""
    readable = {tag_of(event_type): event_type for event_type in (*catalogue.event_types, *catalogue.upcasts)}
    current = schema_documents(readable.values())
    suspects: dict[str, list[SchemaChange]] = {}
    for name, document in log.schemas().items():
        if name in current:
            continue
        stored = decode_schema(document)
        event_type = readable.get(stored.tag)
        changes = (
            [lost_tag(stored.tag)]
            if event_type is None
            else type_changes(stored.tag, stored.schema, shape_of(event_type))
        )
        breaking = [change for change in changes if change.breaking]
        if breaking:
            known = suspects.setdefault(stored.tag, [])
            known += [change for change in breaking if change not in known]
    return suspects


def unreadable_in(frame: Frame, tags: set[str], catalogue: Catalogue, codec: Codec) -> Iterator[tuple[str, int]]:
    """The first event of each of these types in a frame that can't be read: tag and position."""
    if not any(frame.data.find(encode_chunk(tag)) >= 0 for tag in tags):
        return
    readable = {tag_of(event_type) for event_type in (*catalogue.event_types, *catalogue.upcasts)}
    for index, stored in enumerate(decode_stored(frame.first, frame.body)):
        if stored.tag not in tags:
            continue
        try:
            if stored.tag in readable:
                codec.record(stored.position, frame.record(index))
                continue
        except StoreMismatch:
            pass
        yield stored.tag, stored.position


def described(tag: str, position: int, changes: list[SchemaChange]) -> str:
    """The reasons why events of a type can't be read, a line each."""
    reasons = "".join(f"\n    {change.path}: {change.what}. {change.fix}" for change in changes)
    return f"\n  {tag!r}, at position {position} among others:{reasons}"
