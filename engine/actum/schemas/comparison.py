"""Two schemas of one event type compared: can what was written under the old one be read with the new one?

Schemas are those that `shape_of` makes. What counts is one direction: whatever the old type could have written must
decode as the new one, and mean what it meant. Where that can't be told for sure, it counts as breaking.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, final

from actum.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Schema = dict[str, Any]

#: Lengths that a new type may lower, and those that it may raise.
LOWER = ("minLength", "minItems", "minProperties", "minBytes")
UPPER = {"maxLength", "maxItems", "maxProperties", "maxBytes"}
#: What must stay as it was if the new type says it, and what also must not be given up: it says how bytes are made.
SAME = {"pattern", "multipleOf", "format", "contentEncoding", "timezone"}
KEPT = {"format", "contentEncoding"}
#: Formats that are text in the log: they may become plain strings.
TEXTS = ("date", "duration", "uuid", "decimal", "time")

#: Such values of a field say what it means, not what it is.
APART = {"default", "title"}

ANOTHER_TAG = "Give the changed class another tag=, keep the old class, and write an @upcast from it."
SAME_LAYOUT = "Write array_like= as it was: all events of a log have one layout, also those that upcasters take."
SAME_PLACES = f"Keep the order of the fields and add new ones at the end; a field may keep its place under another \
name with msgspec.field(name=<the old name>). Or: {ANOTHER_TAG[0].lower()}{ANOTHER_TAG[1:]}"


class SchemaChange(NamedTuple):
    """One difference between two schemas of an event type.

    Attributes:
        breaking: whether events of the old one can't all be read with the new one, or would be read as something else.
        tag: the event type's; of a change that is no event's the name of its aggregate.
        path: where in the event, as JSONPath: `$.lines[*].price`.
        what: what has changed.
        fix: what to do about it; empty if there is nothing to do.
        silent: whether no error would show it: old events could be read, but as something that they did not mean.
    """

    breaking: bool
    tag: str
    path: str
    what: str
    fix: str = ""
    silent: bool = False


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
            layout = path == "$" and {old["type"], new["type"]} == {"array", "object"}
            what = f"its type was {old['type']}, now it is {new['type']}"
            yield self._breaks(path, what, SAME_LAYOUT if layout else ANOTHER_TAG)
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
        for was in one_by_one(alternatives_of(old, self._old_definitions)):
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
        if "enum" not in old and old["type"] == "null" and None in new["enum"]:
            return
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
            for change in self.changes(key_of(old), key_of(new), path):
                yield change._replace(what=f"of its keys: {change.what}")
            return
        yield from self._fields(old, new, path)

    def _fields(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Structs that are stored as maps, field by field."""
        before, after = old["properties"], new["properties"]
        always, needed = set(old.get("required", ())), set(new.get("required", ()))
        gone = [name for name in before if name not in after]
        for name, schema in after.items():
            where = f"{path}.{name}"
            if name in before:
                yield from self.changes(before[name], schema, where)
                yield from self._defaults(before[name], schema, where)
            if name in needed and name not in always:
                what = "it had a default, now it has none" if name in before else "the field is new and has no default"
                yield self._breaks(where, what, "Give it a default: events without it are then read with that.")
            elif name not in before:
                yield self._added(where, schema, [other for other in gone if alike(before[other], schema)])
        for name in gone:
            if new.get("additionalProperties") is False:
                yield self._breaks(f"{path}.{name}", "the field is gone, and unknown ones are forbidden")
            else:
                yield self._fine(f"{path}.{name}", "the field is gone: its values are not read")

    def _added(self, path: str, schema: Schema, gone: list[str]) -> SchemaChange:
        """A new field with a default: perhaps it is one of those that are gone, and their values are lost."""
        if not gone:
            return self._fine(path, "the field is new")
        default = schema.get("default")
        return self._fine(
            path, f"the field is new, and {' and '.join(gone)} of the same type gone: stored events give {default!r}"
        )._replace(
            fix=f"If it was renamed, say so: msgspec.field(default={default!r}, name={gone[0]!r}). "
            "If its unit or meaning changed, " + ANOTHER_TAG[0].lower() + ANOTHER_TAG[1:],
            silent=True,
        )

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
        yield from self._places(old, new, path)
        for index, (was, now) in enumerate(zip(before, after, strict=False)):
            yield from self.changes(was, now, f"{path}[{index}]")
        if after and new.get("minItems", 0) > old.get("minItems", 0):
            yield self._breaks(path, f"it needs {new['minItems']} items, it had at least {old.get('minItems', 0)}")
        if old.get("maxItems") != 0:
            yield from self._inside(old, new, "items", f"{path}[*]")

    def _places(self, old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
        """Structs stored by place: another field at a place takes over the values of the one before."""
        for was, now in zip(old.get("fields", ()), new.get("fields", ()), strict=False):
            if was != now:
                what = f"the place of {was} is that of {now} now, which would be read with its values"
                yield self._breaks(path, what, SAME_PLACES)._replace(silent=True)

    def _inside(self, old: Schema, new: Schema, name: str, path: str) -> Iterator[SchemaChange]:
        """The schema of items or of values, if both have one."""
        was: Schema | bool = old.get(name, {})
        now: Schema | bool = new.get(name, {})
        if not isinstance(now, bool) and not isinstance(was, bool):
            yield from self.changes(was, now, path)


def resolved(schema: Schema, definitions: Schema) -> Schema:
    """The schema that a reference leads to.

    Raises:
        Invalid: it leads nowhere.
    """
    for _ in range(len(definitions) + 1):
        if "$ref" not in schema:
            return schema
        name = schema["$ref"].rpartition("/")[2]
        if name not in definitions:
            raise Invalid(f"a schema refers to {name!r}, which is not among its $defs")
        schema = definitions[name]
    raise Invalid(f"a schema refers to itself without end: {schema['$ref']!r}")


def alternatives_of(schema: Schema, definitions: Schema) -> Iterator[Schema]:
    """What a value may be, one by one; references to structs are kept, so that a type that holds itself is noticed."""
    followed = resolved(schema, definitions)
    if "anyOf" not in followed:
        yield schema
    for part in followed.get("anyOf", ()):
        yield from alternatives_of(part, definitions)


def one_by_one(alternatives: Iterable[Schema]) -> Iterator[Schema]:
    """Alternatives, each value of an enumeration as one of its own."""
    for schema in alternatives:
        if "enum" in schema:
            yield from ({"enum": [value]} for value in schema["enum"])
        else:
            yield schema


def key_of(schema: Schema) -> Schema:
    """What the keys of a dictionary are: texts, unless it is said."""
    said: Schema = schema.get("propertyNames", {"type": "string"})
    return {"type": "string", **said} if said and is_any(said) else said


def alike(old: Schema, new: Schema) -> bool:
    """Whether two fields are of one type, whatever their defaults."""
    return {name: part for name, part in old.items() if name not in APART} == {
        name: part for name, part in new.items() if name not in APART
    }


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
