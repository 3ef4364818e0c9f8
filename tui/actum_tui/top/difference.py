"""What has changed from one state to the next: every value with a mark, down to the items of lists, nothing left out.

    ~ total              80                  was 110
      lines.0            {"product": "tea"}
    - lines.(1)          {"product": "cup"}  the second one of before
      lines.1...9        9 unchanged

Both states can be read off the lines again; that is how it is tested. Values are as JSON has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, takewhile
from typing import Any, Literal, NamedTuple, TypeAlias, cast

#: What a line says: as before, another value, new, gone.
Mark: TypeAlias = Literal["", "~", "+", "-"]
#: Unchanged neighbours within something changed stand in one line if there are more of them.
RUN_MAX = 4
#: What has more values in it stands in one line.
LEAVES_MAX = 8


class Run(NamedTuple):
    """Unchanged neighbours in a list or an object: the first, the last, how many they are."""

    first: str | int
    last: str | int
    length: int


class Old(NamedTuple):
    """The place, in the list of before, of an item that is gone."""

    place: int


Place: TypeAlias = str | int | Run | Old
Path: TypeAlias = tuple[Place, ...]


class Line(NamedTuple):
    """One value.

    Attributes:
        path: the names and places that lead to it; at its end a run has the values of all its members, as a list or an
            object.
        mark: what became of it.
        value: what it is; what it was if it is gone.
        old: what it was, if it is another value.
    """

    path: Path
    mark: Mark
    value: Any
    old: Any = None


class Member(NamedTuple):
    """The same of something directly in a list or an object."""

    place: Place
    mark: Mark
    value: Any
    old: Any = None


def compared(before: dict[str, Any], after: dict[str, Any]) -> list[Line]:
    """The new state and what is different, field by field; fields that are gone come last."""
    return [line for member in of_objects(before, after) for line in lines_of((), member)]


def lines_of(path: Path, member: Member) -> Iterator[Line]:
    """The lines of one member of what is at the path."""
    path = (*path, member.place)
    if member.mark != "~":
        yield from whole(path, member.mark, member.value)
        return
    before, after = container(member.old), container(member.value)
    if isinstance(before, dict) and isinstance(after, dict):
        yield from gathered(path, of_objects(before, after), list_like=False)
    elif isinstance(before, list) and isinstance(after, list):
        yield from gathered(path, of_lists(before, after), list_like=True)
    else:
        yield Line(path, "~", member.value, member.old)


def whole(path: Path, mark: Mark, value: object) -> Iterator[Line]:
    """A value all of which has the same mark: unfolded if it is small."""
    content = container(value)
    if content is None or not is_small(content):
        yield Line(path, mark, value)
        return
    for place, inner in places_of(content):
        yield from whole((*path, place), mark, inner)


def gathered(path: Path, members: Iterable[Member], *, list_like: bool) -> Iterator[Line]:
    """The lines of members, with many unchanged ones after each other in one."""
    for unchanged, group in groupby(members, key=lambda member: not member.mark):
        run = list(group)
        if unchanged and len(run) > RUN_MAX:
            first, last = run[0].place, run[-1].place
            assert isinstance(first, (str, int)), "what is unchanged is no run yet"
            assert isinstance(last, (str, int)), "what is unchanged is not gone"
            values = [member.value for member in run]
            content = values if list_like else {member.place: member.value for member in run}
            yield Line((*path, Run(first, last, len(run))), "", content)
        else:
            for member in run:
                yield from lines_of(path, member)


def of_objects(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Member]:
    """The members of two objects."""
    for name, value in after.items():
        if name not in before:
            yield Member(name, "+", value)
        elif same(before[name], value):
            yield Member(name, "", value)
        else:
            yield Member(name, "~", value, before[name])
    yield from (Member(name, "-", value) for name, value in before.items() if name not in after)


def of_lists(before: list[Any], after: list[Any]) -> Iterator[Member]:
    """The items of two lists: what both begin and end with is as before, what is between has changed one by one."""
    pairs = zip(before, after, strict=False)
    start = sum(1 for _ in takewhile(lambda pair: same(*pair), pairs))
    rest = zip(reversed(before[start:]), reversed(after[start:]), strict=False)
    end = sum(1 for _ in takewhile(lambda pair: same(*pair), rest))
    yield from (Member(place, "", after[place]) for place in range(start))
    both = min(len(before), len(after)) - end
    for place in range(start, both):
        was, now = before[place], after[place]
        yield Member(place, "", now) if same(was, now) else Member(place, "~", now, was)
    yield from (Member(Old(place), "-", before[place]) for place in range(both, len(before) - end))
    yield from (Member(place, "+", after[place]) for place in range(both, len(after) - end))
    yield from (Member(place, "", after[place]) for place in range(len(after) - end, len(after)))


def same(one: object, other: object) -> bool:
    """Whether two values are the same JSON: `true` is not 1, and 1 is not 1.0."""
    if type(one) is not type(other):
        return False
    first, second = container(one), container(other)
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(value, second[name]) for name, value in first.items())
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(one == other or (one != one and other != other))  # noqa: PLR0124  # what is no number stays none


def container(value: object) -> dict[str, Any] | list[Any] | None:
    """An object or a list with something in it, or None."""
    return cast("dict[str, Any] | list[Any]", value) if value and isinstance(value, (dict, list)) else None


def places_of(content: dict[str, Any] | list[Any]) -> Iterable[tuple[str | int, Any]]:
    """The members of an object or the items of a list."""
    return content.items() if isinstance(content, dict) else enumerate(content)


def is_small(content: dict[str, Any] | list[Any]) -> bool:
    """Whether there are few values in it, however deep."""
    waiting: list[dict[str, Any] | list[Any]] = [content]
    leaves = 0
    while waiting:
        opened = waiting.pop()
        leaves += len(opened)
        if leaves > LEAVES_MAX:
            return False
        inside = [found for _, inner in places_of(opened) if (found := container(inner)) is not None]
        leaves -= len(inside)
        waiting += inside
    return True


def path_text(path: Path) -> str:
    """A path as one word: `lines.0.quantity`; a run is `first...last`, a place of before is in brackets."""
    return ".".join(map(place_text, path))


def place_text(place: Place) -> str:
    """One step of a path."""
    if isinstance(place, Run):
        return f"{place.first}...{place.last}"
    return f"({place.place})" if isinstance(place, Old) else str(place)
