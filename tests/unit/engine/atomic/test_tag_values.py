"""The values of tags: the text of each, which fields can be tags, and what a condition may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import pytest
from actum import (
    Aggregate,
    CatalogueError,
    Command,
    Condition,
    Conflict,
    Engine,
    Event,
    Invalid,
    MemoryLog,
    decide,
    evolve,
)
from actum.atomic.tag_values import can_be_tag
from msgspec import Meta

from tests.support.scenes import scene


class Class(Enum):
    """Where one sits."""

    FIRST = "1st"
    SECOND = "2nd"


class Side(StrEnum):
    """Of the house."""

    LEFT = "left"


class Row(IntEnum):
    """From the front."""

    A = 1


class Book(Command):
    """Book a seat."""

    booking_id: str


class Booked(Event, tags=["side", "row", "price_class"]):
    """By enumerations."""

    side: Side
    row: Row
    price_class: Class


class Dated(Event, tags=["day", "ticket", "paid"]):
    """By other values that have one text."""

    day: date
    ticket: UUID
    paid: bool


TICKET = UUID("6e2b9f0c-1111-4222-8333-0123456789AB")


class Booking(Aggregate, key="booking_id"):
    """Both at once."""

    @decide
    def book(self, command: Book) -> Iterator[Booked | Dated]:
        """Always the same seat."""
        yield Booked(side=Side.LEFT, row=Row.A, price_class=Class.FIRST)
        yield Dated(day=date(2026, 11, 28), ticket=TICKET, paid=True)

    @evolve
    def booked(self, event: Booked) -> None:
        """Nothing."""

    @evolve
    def dated(self, event: Dated) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("event", "tags"),
    [
        (Booked, {"side": Side.LEFT, "row": Row.A, "price_class": Class.FIRST}),
        (Booked, {"side": "left", "row": "1", "price_class": "1st"}),
        (Booked, {"row": 1}),
        (Dated, {"day": date(2026, 11, 28), "ticket": TICKET, "paid": True}),
        (Dated, {"day": "2026-11-28", "ticket": str(TICKET).upper(), "paid": "true"}),
    ],
)
@scene
async def test_a_value_is_found_by_itself_and_by_its_text(event: type[Event], tags: dict[str, Any]) -> None:
    """However it is written; another one is not."""
    async with Engine.open(MemoryLog(), Booking) as engine:
        await engine.send(Book(booking_id="1"))
        with pytest.raises(Conflict):
            await engine.send(Book(booking_id="2"), unless=Condition(events=[event], tags=tags))
        await engine.send(Book(booking_id="2"), unless=Condition(events=[Booked], tags={"price_class": Class.SECOND}))


@pytest.mark.parametrize(
    ("event", "tags", "fault"),
    [
        (Booked, {"side": "right"}, "which no Booked can have: it is Side"),
        (Booked, {"price_class": "FIRST"}, "'price_class' is 'FIRST'"),
        (Booked, {"row": 1.0}, "give a value of Booked.row"),
        (Dated, {"day": datetime(2026, 11, 28, tzinfo=UTC)}, "'day' is a datetime"),
        (Dated, {"ticket": "17"}, "which no Dated can have: it is UUID"),
        (Dated, {"paid": 7}, "it is bool"),
    ],
)
def test_a_value_that_no_event_has_is_a_mistake(event: type[Event], tags: dict[str, Any], fault: str) -> None:
    """A rule that can never be broken would be no rule."""
    with pytest.raises(Invalid, match=fault):
        Condition(events=[event], tags=tags)


Name = NewType("Name", str)


class Odd(Enum):
    """Of no use as a tag."""

    HALF = 0.5


@pytest.mark.parametrize(
    ("annotation", "can_be"),
    [
        (str, True),
        (int | None, True),
        (Annotated[str, Meta(max_length=3)], True),
        (Literal["a", 1] | None, True),
        (Name, True),
        (Class, True),
        (date, True),
        (datetime, False),
        (float, False),
        (Decimal, False),
        (bytes, False),
        (Odd, False),
        (list[str], False),
        (str | float, False),
        (Any, False),
    ],
)
def test_what_can_be_a_tag(annotation: object, *, can_be: bool) -> None:
    """What has one text for equal values."""
    assert can_be_tag(annotation) == can_be


class Priced(Event, tags=["price"]):
    """By something that can be written in several ways."""

    price: float


class Shop(Aggregate, key="booking_id"):
    """Sells."""

    @decide
    def book(self, command: Book) -> Priced:
        """For a price."""
        return Priced(price=1.0)

    @evolve
    def priced(self, event: Priced) -> None:
        """Nothing."""


def test_a_field_that_can_be_no_tag_is_a_fault_of_the_catalogue() -> None:
    """Named with what can be one."""
    with pytest.raises(CatalogueError, match=r"Priced.price is float and can't be a tag.* a tag is str, int"):
        Engine.open(MemoryLog(), Shop)
