"""Whether events stored under an older schema can be read with today's types; the reasons, one by one, if not.

Schemas are the JSON Schemas (2020-12) that msgspec makes of event types. What counts is one direction: whatever the old
type could have written must decode as the new one. Where that can't be told for sure, it counts as breaking.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, final

from actum.catalogue import Catalogue
from actum.codec import tag_of
from actum.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Schema = dict[str, Any]

LOCK_VERSION = 1

#: Lengths that a new type may lower, and those that it may raise.
LOWER = ("minLength", "minItems", "minProperties", "minBytes")
UPPER = {"maxLength", "maxItems", "maxProperties", "maxBytes"}
#: What must stay as it was if the new type says it, and what also must not be given up: it says how bytes are made.
SAME = {"pattern", "multipleOf", "format", "contentEncoding", "timezone"}
KEPT = {"format", "contentEncoding"}
#: Formats that are text in the log: they may become plain strings.
TEXTS = ("date", "duration", "uuid", "decimal", "time")

ANOTHER_TAG = "Give the changed class another tag=, keep the old class, and write an @upcast from it."


class SchemaChange(NamedTuple):
    """One difference between two schemas of an event type.

    Attributes:
        breaking: whether events of the old one can't all be read with the new one.
        tag: the event type's.
        path: where in the event, as JSONPath: `$.lines[*].price`.
        what: what has changed.
        fix: what to do about it; empty if it breaks nothing.
    """

    breaking: bool
    tag: str
    path: str
    what: str
    fix: str = ""


def schema_lock(*components: type, upcasters: Sequence[Callable[[Any], object]] = ()) -> dict[str, Any]:
    """The schemas of all events that some aggregates and views can read, to be kept in a file beside the code.

    Args:
        components: aggregate and view classes, as given to `Engine.open`.
        upcasters: as given to `Engine.open`.

    Raises:
        CatalogueError: the classes don't fit together.
    """
    catalogue = Catalogue.build(components, None, upcasters)
    readable = sorted((*catalogue.event_types, *catalogue.upcasts), key=tag_of)
    return {
        "actum": LOCK_VERSION,
        "events": {tag_of(event_type): shape_of(event_type) for event_type in readable},
        "upcasters": {
            tag_of(source): sorted(tag_of(result) for result in upcast.results)
            for source, upcast in sorted(catalogue.upcasts.items(), key=lambda item: tag_of(item[0]))
        },
    }


def schema_changes(old: dict[str, Any], new: dict[str, Any]) -> list[SchemaChange]:
    """What has changed between two results of `schema_lock`, in the order of the tags."""
    changes: list[SchemaChange] = []
    before, after = old["events"], new["events"]
    for tag in sorted({*before, *after}):
        if tag not in after:
            changes.append(lost_tag(tag))
        elif tag not in before:
            changes.append(SchemaChange(breaking=False, tag=tag, path="$", what="a new event type"))
        else:
            changes += type_changes(tag, before[tag], after[tag])
    return changes


def lost_tag(tag: str) -> SchemaChange:
    """The change when no class has a tag any more."""
    fix = (
        "Give the aggregate or view that handles it; or keep the class and write an @upcast from it; or say "
        f"renamed_from={tag!r} in the class that has its fields."
    )
    return SchemaChange(breaking=True, tag=tag, path="$", what="no class that was given has this tag", fix=fix)


def type_changes(tag: str, old: Schema, new: Schema) -> list[SchemaChange]:
    """What has changed between two schemas of one event type."""
    if old == new:
        return []
    comparison = Comparison(tag, old.get("$defs", {}), new.get("$defs", {}))
    return list(comparison.changes(old, new, "$"))


@final
class Comparison:
    """Compares an old schema with a new one, each with its definitions."""

    def __init__(self, tag: str, old_definitions: Schema, new_definitions: Schema) -> None:
        """For one event type."""
        self._tag = tag
        self._old_definitions = old_definitions
        self._new_definitions = new_definitions
        self._open: list[tuple[str, str]] = []

    def changes(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Every difference at and below a path."""
        pair: tuple[str, str] = old.get("$ref", ""), new.get("$ref", "")
        if pair in self._open:
            return  # a type that holds itself: the comparison under way says what there is to say
        if all(pair):
            self._open.append(pair)
        yield from self._changes(resolved(old, self._old_definitions), resolved(new, self._new_definitions), path)
        if all(pair):
            self._open.pop()

    def _changes(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """The same, references followed."""
        if is_any(new):
            return
        if is_any(old):
            yield self._breaks(path, "it could be anything, now it is of a type")
        elif "anyOf" in old or "anyOf" in new:
            yield from self._alternatives(old, new, path)
        elif "enum" in old or "enum" in new:
            yield from self._values(old, new, path)
        elif old["type"] != new["type"] and (old["type"], new["type"]) != ("integer", "number"):
            yield self._breaks(path, f"its type was {old['type']}, now it is {new['type']}")
        else:
            yield from self._constraints(old, new, path)
            if old["type"] == "object":
                yield from self._objects(old, new, path)
            elif old["type"] == "array":
                yield from self._arrays(old, new, path)

    def _breaks(self, path: str, what: str, fix: str = ANOTHER_TAG) -> SchemaChange:
        return SchemaChange(breaking=True, tag=self._tag, path=path, what=what, fix=fix)

    def _fine(self, path: str, what: str) -> SchemaChange:
        return SchemaChange(breaking=False, tag=self._tag, path=path, what=what)

    def _alternatives(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Each old alternative must be one of the new ones, or fit into one; if none, the nearest says why not."""
        alternatives = list(alternatives_of(new, self._new_definitions))
        for was in alternatives_of(old, self._old_definitions):
            found = [list(self.changes(was, now, path)) for now in alternatives if self._alike(was, now)]
            if not found:
                what = named(resolved(was, self._old_definitions))
                yield self._breaks(path, f"it could be {what}, and can't be any more")
            elif all(any(change.breaking for change in changes) for changes in found):
                yield from min(found, key=len)

    def _alike(self, old: Schema, new: Schema) -> bool:
        """Whether an old alternative may be meant by a new one: the same kind, and the same tag where there is one."""
        was, now = resolved(old, self._old_definitions), resolved(new, self._new_definitions)
        if "enum" in was or "enum" in now or is_any(now) or is_any(was):
            return True
        if (was["type"], now["type"]) == ("integer", "number"):
            return True
        return bool(was["type"] == now["type"] and tags_of(now) <= tags_of(was))

    def _values(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Literals and enumerations; a value that is free now has to fit its type."""
        if "enum" not in old:
            yield self._breaks(path, f"it was any {named(old)}, now it is one of {new['enum']}")
        elif "enum" in new:
            gone = [value for value in old["enum"] if value not in new["enum"]]
            if gone:
                yield self._breaks(path, f"it can't be {', '.join(map(repr, gone))} any more")
        else:
            changes = (change for value in old["enum"] for change in self._changes(type_of(value), new, path))
            if any(change.breaking for change in changes):
                yield self._breaks(path, f"it was one of {old['enum']}, now it is {named(new)}")

    def _constraints(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Bounds may be loosened; formats and patterns must stay as they were, or become plain text."""
        for name in ("minimum", "maximum"):
            was, now = bound(old, name), bound(new, name)
            if now > was:
                yield self._breaks(path, f"its {name} is {shown(new, name)}, it was {shown(old, name)}")
        for name in LOWER:
            if new.get(name, 0) > old.get(name, 0) and not (name == "minItems" and "prefixItems" in new):
                yield self._breaks(path, f"its {name} is {new[name]}, it was {old.get(name, 0)}")
        for name in UPPER & new.keys():
            if name not in old or new[name] < old[name]:
                yield self._breaks(path, f"its {name} is {new[name]}, it was {old.get(name, 'not limited')}")
        for name in SAME & (new.keys() | (old.keys() & KEPT)):
            before, after = old.get(name), new.get(name)
            if before != after and not (after is None and before in TEXTS):
                yield self._breaks(path, f"its {name} was {before}, now it is {after}")

    def _objects(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Structs by their fields, dictionaries by their values."""
        if ("properties" in old) != ("properties" in new):
            yield self._breaks(path, f"it was {named(old)}, now it is {named(new)}")
            return
        if "properties" not in old:
            yield from self._inside(old, new, "additionalProperties", f"{path}.*")
            if old.get("propertyNames", {}) != new.get("propertyNames", {}):
                yield self._breaks(path, "its keys are of another type")
            return
        before, after = old["properties"], new["properties"]
        always = set(old.get("required", ()))
        for name, schema in after.items():
            where = f"{path}.{name}"
            if name in before:
                yield from self.changes(before[name], schema, where)
                yield from self._defaults(before[name], schema, where)
            if name in new.get("required", ()) and name not in always:
                what = "it had a default, now it has none" if name in before else "the field is new and has no default"
                yield self._breaks(where, what, "Give it a default: events without it are then read with that.")
            elif name not in before:
                yield self._fine(where, "the field is new")
        for name in [name for name in before if name not in after]:
            if new.get("additionalProperties") is False:
                yield self._breaks(f"{path}.{name}", "the field is gone, and unknown ones are forbidden")
            else:
                yield self._fine(f"{path}.{name}", "the field is gone: its values are not read")

    def _defaults(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Another default breaks nothing, but events from before the field was added mean something else now."""
        was, now = old.get("default"), new.get("default")
        if "default" in old and "default" in new and was != now:
            yield self._fine(path, f"its default was {was!r}, now it is {now!r}: so are events without it read")

    def _arrays(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Lists by their items, tuples and array-like structs by place."""
        before, after = old.get("prefixItems", []), new.get("prefixItems", [])
        if old.get("maxItems") == 0:
            before = after[:0]  # an empty tuple is an empty list
        elif bool(before) != bool(after):
            yield self._breaks(path, f"it was {named(old)}, now it is {named(new)}")
            return
        for index, (was, now) in enumerate(zip(before, after, strict=False)):
            yield from self.changes(was, now, f"{path}[{index}]")
        if after and new.get("minItems", 0) > old.get("minItems", 0):
            yield self._breaks(path, f"it needs {new['minItems']} items, it had at least {old.get('minItems', 0)}")
        if old.get("maxItems") != 0:
            yield from self._inside(old, new, "items", f"{path}[*]")

    def _inside(self, old: Schema, new: Schema, name: str, path: str) -> Iterator[SchemaChange]:
        """The schema of items or of values, if both have one."""
        was: Schema | bool = old.get(name, {})
        now: Schema | bool = new.get(name, {})
        if not isinstance(now, bool) and not isinstance(was, bool):
            yield from self.changes(was, now, path)


def resolved(schema: Schema, definitions: Schema) -> Schema:
    """The schema that a reference leads to."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    return schema


def alternatives_of(schema: Schema, definitions: Schema) -> Iterator[Schema]:
    """What a value may be, one by one; references to structs are kept, so that a type that holds itself is noticed."""
    followed = resolved(schema, definitions)
    if "anyOf" not in followed:
        yield schema
    for part in followed.get("anyOf", ()):
        yield from alternatives_of(part, definitions)


def is_any(schema: Schema) -> bool:
    """Whether a schema says nothing."""
    return not schema.keys() & {"type", "enum", "anyOf", "$ref"}


def tags_of(schema: Schema) -> set[tuple[str, str]]:
    """The values of a struct's tag field, and of other fields with one value."""
    fields = schema.get("properties", {}).items()
    return {(name, repr(each["enum"])) for name, each in fields if len(each.get("enum", ())) == 1}


def named(schema: Schema) -> str:
    """A schema in a word or two."""
    if "enum" in schema:
        return f"one of {schema['enum']}"
    title = schema.get("title")
    kind = schema.get("format") or schema.get("type", "anything")
    return f"{kind} {title}" if title else str(kind)


def type_of(value: object) -> Schema:
    """The narrowest schema that a literal fits."""
    if value is None:
        return {"type": "null"}
    if isinstance(value, str):
        return {"type": "string", "minLength": len(value), "maxLength": len(value)}
    return {"type": "integer", "minimum": value, "maximum": value}


def bound(schema: Schema, name: str) -> tuple[float, bool]:
    """How narrow a number's bound is: the larger, the narrower; whether the bound itself is excluded."""
    sign = 1 if name == "minimum" else -1
    step = 1 if schema.get("type") == "integer" else 0
    excluded = schema.get(f"exclusive{name.capitalize()}")
    bounds = [] if excluded is None else [(sign * excluded + step, not step)]
    if name in schema:
        bounds.append((sign * schema[name], False))
    return max(bounds, default=(-math.inf, False))


def shown(schema: Schema, name: str) -> str:
    """A number's bound as its user wrote it."""
    excluded = schema.get(f"exclusive{name.capitalize()}")
    return str(schema.get(name, "not limited" if excluded is None else f"{excluded}, excluded"))
