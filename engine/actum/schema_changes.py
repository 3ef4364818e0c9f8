"""Whether events stored under an older schema can be read with today's types; the reasons, one by one, if not.

Schemas are the JSON Schemas (2020-12) that msgspec makes of event types. What counts is one direction: whatever the old
type could have written must decode as the new one. Where that can't be told for sure, it counts as breaking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, final

from actum.catalogue import Catalogue
from actum.codec import shape_of, tag_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Schema = dict[str, Any]

LOCK_VERSION = 1

#: Constraints that a new type may loosen and not tighten: the name, and whether a smaller value is looser.
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
SAME = ("pattern", "multipleOf", "format", "contentEncoding")

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
        elif old.get("type") != new.get("type"):
            if (old.get("type"), new.get("type")) != ("integer", "number"):
                yield self._breaks(path, f"its type was {old.get('type')}, now it is {new.get('type')}")
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
        """Each old alternative must be one of the new ones, or fit into one."""
        alternatives = [resolved(each, self._new_definitions) for each in new.get("anyOf", [new])]
        for each in old.get("anyOf", [old]):
            was = resolved(each, self._old_definitions)
            found = [list(self.changes(was, one, path)) for one in alternatives if alike(was, one)]
            if not found:
                yield self._breaks(path, f"it could be {named(was)}, and can't be any more")
            elif all(any(change.breaking for change in changes) for changes in found):
                yield from min(found, key=len)

    def _values(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Literals and enumerations."""
        if "enum" not in old:
            yield self._breaks(path, f"it was any {named(old)}, now it is one of {new['enum']}")
        elif "enum" in new:
            gone = [value for value in old["enum"] if value not in new["enum"]]
            if gone:
                yield self._breaks(path, f"it can't be {', '.join(map(repr, gone))} any more")
        elif any(kind_of(value) != new.get("type") for value in old["enum"]) or new.keys() & {*LOWER, *UPPER, *SAME}:
            yield self._breaks(path, f"it was one of {old['enum']}, now it is {named(new)}")

    def _constraints(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Bounds may be loosened; formats and patterns must stay as they were."""
        for name in new.keys() & {*LOWER, *UPPER, *SAME} | (old.keys() & {"format", "contentEncoding"}):
            was, now = old.get(name), new.get(name)
            looser = (
                (name in LOWER and was is not None and now <= was)
                or (name in UPPER and was is not None and now >= was)
                or was == now
            )
            if not looser and not (name == "minItems" and "prefixItems" in new):
                yield self._breaks(path, f"its {name} was {was}, now it is {now}")

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
            if name in new.get("required", ()) and name not in always:
                what = "it had a default, now it has none" if name in before else "the field is new and has no default"
                yield self._breaks(where, what, "Give it a default: events without it are then read with that.")
            elif name not in before:
                yield self._fine(where, "the field is new")
        for name in before.keys() - after.keys():
            if new.get("additionalProperties") is False:
                yield self._breaks(f"{path}.{name}", "the field is gone, and unknown ones are forbidden")
            else:
                yield self._fine(f"{path}.{name}", "the field is gone: its values are not read")

    def _arrays(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Lists by their items, tuples and array-like structs by place."""
        before, after = old.get("prefixItems", []), new.get("prefixItems", [])
        if bool(before) != bool(after) and (before or after):
            yield self._breaks(path, f"it was {named(old)}, now it is {named(new)}")
            return
        for index, (was, now) in enumerate(zip(before, after, strict=False)):
            yield from self.changes(was, now, f"{path}[{index}]")
        if new.get("minItems", 0) > old.get("minItems", 0):
            yield self._breaks(path, f"it needs {new['minItems']} items, it had at least {old.get('minItems', 0)}")
        if len(after) < len(before) and new.get("items") is False:
            yield self._breaks(path, f"it had {len(before)} items, now it has {len(after)}")
        yield from self._inside(old, new, "items", f"{path}[*]")

    def _inside(self, old: Schema, new: Schema, name: str, path: str) -> Iterator[SchemaChange]:
        """The schema of items or of values, if both have one."""
        was: Schema | bool = old.get(name, {})
        now: Schema | bool = new.get(name, {})
        if not isinstance(now, bool):
            yield from self.changes({"enum": []} if isinstance(was, bool) else was, now, path)


def resolved(schema: Schema, definitions: Schema) -> Schema:
    """The schema that a reference leads to."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    return schema


def is_any(schema: Schema) -> bool:
    """Whether a schema says nothing."""
    return not schema.keys() & {"type", "enum", "anyOf", "$ref"}


def alike(old: Schema, new: Schema) -> bool:
    """Whether an old alternative may be meant by a new one: the same kind, and the same tag where there is one."""
    if "enum" in old or "enum" in new or is_any(new):
        return True
    if (old.get("type"), new.get("type")) == ("integer", "number"):
        return True
    return old.get("type") == new.get("type") and tags_of(old) == tags_of(new)


def tags_of(schema: Schema) -> list[object]:
    """The values of a struct's tag field, or of other fields with one value."""
    fields = schema.get("properties", {}).items()
    return [(name, each["enum"]) for name, each in fields if len(each.get("enum", ())) == 1]


def named(schema: Schema) -> str:
    """A schema in a word or two."""
    if "enum" in schema:
        return f"one of {schema['enum']}"
    title = schema.get("title")
    kind = schema.get("format") or schema.get("type", "anything")
    return f"{kind} {title}" if title else str(kind)


def kind_of(value: object) -> str:
    """The JSON type of a literal."""
    return "null" if value is None else "string" if isinstance(value, str) else "integer"
