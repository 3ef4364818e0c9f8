"""Aggregates and a view whose handlers fail on demand: what the engine must survive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from actum import (
    Aggregate,
    Command,
    Engine,
    Event,
    Invalid,
    Query,
    Rejected,
    Row,
    View,
    answer,
    decide,
    evolve,
    project,
)

from tests.support.bank import open_bank

#: While this holds a word, `evolve` fails on events with that word, also in a replay; the view does on the other one.
EVOLVE_FAILS_ON = ""
VIEW_FAILS_ON = ""


class Do(Command):
    """Do something, in some way."""

    key: str
    how: str = "well"
    number: int = 0


class Done(Event):
    """Something was done."""

    key: str
    how: str
    number: int = 0


class Undone(Event):
    """An event that the aggregate does not know."""

    key: str


class Fragile(Aggregate, key="key"):
    """Remembers what was done."""

    done: list[str] = []
    thing: object = None

    @decide
    def do(self, command: Do) -> Iterator[Done]:
        """One event, or whatever the word says."""
        how, event = command.how, Done(key=command.key, how=command.how, number=command.number)
        if how == "badly":
            raise ZeroDivisionError("a bug")
        if how == "half":
            yield event
            raise ZeroDivisionError("a bug after the first event")
        if how == "unknown":
            yield Undone(key=command.key)  # type: ignore[misc]
        if how == "mistyped":
            yield event
            yield event.replace(number="seven")
        if how == "cancelled":
            raise asyncio.CancelledError
        if how == "exit":
            raise SystemExit(3)
        if how == "twice":
            yield event
        if how == "changed":
            assert command.number + 1
        if how == "nothing":
            return
        if how == "counted":
            event = event.replace(number=len(self.done))
        yield event

    @evolve
    def did(self, event: Done) -> None:
        """Remember it first, then fail if the word says so: the state is half changed then."""
        self.done.append(event.how)
        if event.how == "unevolvable":
            raise ZeroDivisionError("a bug in evolve")
        if event.how == "unevolvable-rejected":
            raise Rejected("evolve must not reject")
        if event.how == "unevolvable-invalid":
            raise Invalid("evolve must not refuse")
        if event.how == "unevolvable-cancelled":
            raise asyncio.CancelledError
        if event.how == "unevolvable-exit":
            raise SystemExit(4)
        if event.how == "unencodable":
            self.thing = object()
        if event.how == EVOLVE_FAILS_ON:
            raise ZeroDivisionError("a bug in evolve, for a while")


class Wait(Command):
    """For `Mistyped`."""

    key: str


class Waited(Event):
    """For `Mistyped`."""

    key: str


class Mistyped(Aggregate, key="key"):
    """An aggregate whose state is not what its annotations say: it can be encoded and not decoded."""

    word: str = ""
    count: int = 0

    @decide
    def wait(self, command: Wait) -> Waited:
        """Always."""
        return Waited(key=command.key)

    @evolve
    def waited(self, event: Waited) -> None:
        """Sets a number where a word belongs."""
        self.word = 7  # type: ignore[assignment]
        self.count += 1


class Fragment(Row, key="key", indexes=["count"]):
    """How much was done."""

    key: str
    count: int = 0


class Fragments(Query[dict[str, int]]):
    """All of them."""


class FragmentView(View[Fragment]):
    """Counts, and fails on demand after it has written half."""

    @project
    def done(self, event: Done) -> None:
        """One more."""
        row = self.get(event.key) or Fragment(key=event.key)
        self.put(row.replace(count=row.count + 1))
        if event.how == VIEW_FAILS_ON:
            self.put(Fragment(key="half an event"))
            raise LookupError("a bug in the view")
        if event.how == "unprojectable-cancelled":
            raise asyncio.CancelledError
        if event.how == "unprojectable-exit":
            raise SystemExit(5)

    @answer
    def everything(self, query: Fragments) -> dict[str, int]:
        """By walking."""
        return {row.key: row.count for row in self}


def open_fragile(log: object = None, **options: int) -> Engine:
    """An engine of aggregates that fail on demand."""
    return open_bank(log, Fragile, Mistyped, FragmentView, **options)  # type: ignore[arg-type]
