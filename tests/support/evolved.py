"""A bank that has had a history: its first events in one shape, today's code in another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actum import Aggregate, Command, Event, Query, Record, Row, View, answer, decide, evolve, project, upcast


class Paid(Event, tag="Paid"):
    """The first deposits, in whole euros."""

    key: str
    euros: int


class Moved(Event):
    """What was one event for two movements."""

    key: str
    added: int
    taken: int


class Pinged(Event):
    """What meant something once."""

    key: str


class PaidInCents(Event, tag="Paid.2"):
    """The second shape of deposits."""

    key: str
    cents: int


class Added(Event, tag="Added", renamed_from="Given"):
    """Today's deposit."""

    key: str
    cents: int
    note: str = ""


class Given(Event, tag="Given"):
    """`Added` under its former tag, as old code wrote it."""

    key: str
    cents: int


class Taken(Event):
    """Today's withdrawal."""

    key: str
    cents: int


class Write(Command):
    """Write events of the old kinds: (what, amount)."""

    key: str
    events: list[tuple[str, int]]


class Add(Command):
    """Today's command."""

    key: str
    cents: int


def old_event(key: str, what: str, amount: int) -> Paid | Moved | Pinged | PaidInCents | Given:
    """An event as it was written then."""
    match what:
        case "paid":
            return Paid(key=key, euros=amount)
        case "moved":
            return Moved(key=key, added=amount, taken=1)
        case "pinged":
            return Pinged(key=key)
        case "cents":
            return PaidInCents(key=key, cents=amount)
        case _:
            return Given(key=key, cents=amount)


class OldAccount(Aggregate, key="key", name="Account"):
    """The code that wrote the old events."""

    cents: int = 0

    @decide
    def write(self, command: Write) -> list[Paid | Moved | Pinged | PaidInCents | Given]:
        """What it is told."""
        return [old_event(command.key, what, amount) for what, amount in command.events]

    @evolve
    def paid(self, event: Paid) -> None:
        """Euros."""
        self.cents += 100 * event.euros

    @evolve
    def moved(self, event: Moved) -> None:
        """Both ways."""
        self.cents += event.added - event.taken

    @evolve
    def pinged(self, event: Pinged) -> None:
        """Nothing."""

    @evolve
    def paid_in_cents(self, event: PaidInCents) -> None:
        """Cents."""
        self.cents += event.cents

    @evolve
    def given(self, event: Given) -> None:
        """Cents."""
        self.cents += event.cents


class Account(Aggregate, key="key"):
    """Today's code."""

    cents: int = 0
    movements: int = 0

    @decide
    def add(self, command: Add) -> Added:
        """Always."""
        return Added(key=command.key, cents=command.cents)

    @evolve
    def added(self, event: Added) -> None:
        """More."""
        self.cents += event.cents
        self.movements += 1

    @evolve
    def taken(self, event: Taken) -> None:
        """Less."""
        self.cents -= event.cents
        self.movements += 1


class Total(Row, key="key"):
    """What an account holds, and where it was last touched."""

    key: str
    cents: int = 0
    movements: int = 0
    version: int = 0


class Totals(Query[list[Total]]):
    """Everything, by key."""


class Sums(View[Total]):
    """Without records."""

    @project
    def added(self, event: Added) -> None:
        """More."""
        self._move(event.key, event.cents)

    @project
    def taken(self, event: Taken) -> None:
        """Less."""
        self._move(event.key, -event.cents)

    def _move(self, key: str, cents: int) -> None:
        row = self.get(key) or Total(key=key)
        self.put(row.replace(cents=row.cents + cents, movements=row.movements + 1))

    @answer
    def totals(self, query: Totals) -> list[Total]:
        """By walking."""
        return sorted(self, key=lambda row: row.key)


class Touched(Query[list[Total]]):
    """Everything, by key, with versions."""


class Touches(View[Total]):
    """With records for one of its events."""

    @project
    def added(self, event: Added, record: Record) -> None:
        """More; the record's event is the one that is projected."""
        assert record.event == event
        row = self.get(event.key) or Total(key=event.key)
        self.put(row.replace(cents=row.cents + event.cents, movements=row.movements + 1, version=record.version))

    @project
    def taken(self, event: Taken) -> None:
        """Less."""
        row = self.get(event.key) or Total(key=event.key)
        self.put(row.replace(cents=row.cents - event.cents, movements=row.movements + 1))

    @answer
    def touched(self, query: Touched) -> list[Total]:
        """By walking."""
        return sorted(self, key=lambda row: row.key)


@upcast
def in_cents(event: Paid) -> PaidInCents:
    """The first step of a chain."""
    return PaidInCents(key=event.key, cents=event.euros * 100)


@upcast
def as_added(event: PaidInCents) -> Added:
    """The second."""
    return Added(key=event.key, cents=event.cents)


@upcast
def split(event: Moved) -> list[Added | Taken]:
    """One becomes two."""
    return [Added(key=event.key, cents=event.added), Taken(key=event.key, cents=event.taken)]


@upcast
def dropped(event: Pinged) -> None:
    """It means nothing any more."""


UPCASTERS: list[Callable[[Any], object]] = [in_cents, as_added, split, dropped]
