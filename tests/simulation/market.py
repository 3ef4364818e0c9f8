"""What goes on in the simulated market: orders that a process fulfils, alarms, seats, wallets, and two readers.

Handlers of the process and of the subscriptions fail now and then; the world of the moment says when.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from actum import (
    Aggregate,
    Bookmark,
    Cancel,
    Command,
    DeadLetter,
    Deadlines,
    Done,
    Event,
    Process,
    Record,
    Rejected,
    Schedule,
    Subscription,
    decide,
    evolve,
    handle,
    react,
    refused,
)
from actum.kinds.catalogue import Catalogue

from tests.support.fulfilment import (
    CancelOrder,
    MoneyMoved,
    Order,
    OrderCancelled,
    OrderPaid,
    OrderPlaced,
    OrderShipped,
    ReleaseStock,
    ReserveStock,
    ShipOrder,
    Stock,
    TakePayment,
    Wallet,
)

#: How long customers have to pay, by the quantity that they order.
PAY_SECONDS = (0.02, 0.5, 20.0)
#: A movement of so much money is something that the reader can't read, until it is mended.
POISON = 13
BATCH_MAX = 3
RETRY_MAX = 1


class BuggyHandler(Exception):  # it is shown with its name
    """A bug of this world."""


class Circumstances(Protocol):
    """The world, as the market sees it."""

    def strikes(self, chance: float) -> bool:
        """Whether something that happens now and then happens now."""
        ...

    async def read(self, name: str, position: int, *, poisoned: bool) -> None:
        """A subscription handles an event."""
        ...

    async def wrote(self, entry: Books) -> None:
        """A ledger has something to keep."""
        ...

    def kept(self) -> Books:
        """What a ledger has kept."""
        ...


class Witness:
    """Stands between the classes, which are read once, and the world of the moment.

    Attributes:
        world: that of the moment.
    """

    world: Circumstances


WITNESS = Witness()


class Ring(Command):
    """Wake somebody."""

    alarm_id: str


class Rang(Event):
    """It rang."""

    alarm_id: str


class Alarm(Aggregate, key="alarm_id"):
    """Rings when its deadline fires; one that is called mute refuses."""

    rings: int = 0

    @decide
    def ring(self, command: Ring) -> Rang:
        """Unless it is mute."""
        if command.alarm_id.startswith("mute"):
            raise Rejected("it is mute")
        return Rang(alarm_id=command.alarm_id)

    @evolve
    def rang(self, event: Rang) -> None:  # that it happened is all
        """Once more."""
        self.rings += 1


class BookSeat(Command):
    """Take a seat: that nobody else has it is the condition of who sends this."""

    booking_id: str
    seat: str


class SeatBooked(Event, tags=["seat"]):
    """It is taken."""

    booking_id: str
    seat: str


class Booking(Aggregate, key="booking_id"):
    """One guest's seats."""

    seats: int = 0

    @decide
    def book(self, command: BookSeat) -> SeatBooked:
        """Always."""
        return SeatBooked(booking_id=command.booking_id, seat=command.seat)

    @evolve
    def booked(self, event: SeatBooked) -> None:
        """One more."""
        self.seats += 1


class Sale(Process, key="order_id"):
    """From the order to the parcel, or back."""

    order_id: str = ""
    product_id: str = ""
    quantity: int = 0

    @react(starts=True)
    def placed(self, event: OrderPlaced) -> Iterator[Command | Schedule]:
        """Keep the goods for a time."""
        self.order_id, self.product_id, self.quantity = event.order_id, event.product_id, event.quantity
        fail_now_and_then()
        yield ReserveStock(product_id=event.product_id, quantity=event.quantity, order_id=event.order_id)
        after = PAY_SECONDS[event.quantity % len(PAY_SECONDS)]
        yield Schedule(command=CancelOrder(order_id=event.order_id, reason="unpaid"), after=after, name="unpaid")

    @refused
    def sold_out(self, command: ReserveStock) -> Iterator[Command | Done]:
        """There is not enough."""
        yield CancelOrder(order_id=command.order_id, reason="sold out")
        yield Done()

    @react
    def paid(self, event: OrderPaid) -> Iterator[Command | Cancel | Done]:
        """Take the money and ship, or neither."""
        fail_now_and_then()
        yield Cancel(name="unpaid")
        yield TakePayment(wallet_id=event.wallet_id, amount=self.quantity)
        yield ShipOrder(order_id=event.order_id)
        yield Done()

    @refused
    def no_money(self, command: TakePayment) -> Iterator[Command]:
        """Give it up; that event releases the goods."""
        yield CancelOrder(order_id=self.order_id, reason="no money")

    @refused
    def too_late(self, command: ShipOrder) -> None:
        """It was cancelled in between: that event comes next, and no money was taken."""

    @react
    def cancelled(self, event: OrderCancelled) -> list[Command | Done]:
        """Put the goods back."""
        return [ReleaseStock(product_id=self.product_id, quantity=self.quantity), Done()]


def fail_now_and_then() -> None:
    """A bug that is not always there.

    Raises:
        BuggyHandler: it is.
    """
    if WITNESS.world.strikes(0.05):
        raise BuggyHandler


class Reader(
    Subscription,
    name="reader",
    batch_max=BATCH_MAX,
    retry_max=RETRY_MAX,
    retry_seconds_min=0.001,
    retry_seconds_max=0.01,
):
    """Sees orders and money; its bookmark is kept by the engine."""

    @handle
    async def ended(self, event: OrderShipped, record: Record, witness: Witness) -> None:
        """An order is over."""
        await witness.world.read("reader", record.position, poisoned=False)

    @handle
    async def moved(self, event: MoneyMoved, record: Record, witness: Witness) -> None:
        """Money; some can't be read."""
        await witness.world.read("reader", record.position, poisoned=event.change == POISON)


class Books:
    """What a ledger keeps in one place: entries, bookmark and dead letters.

    Attributes:
        entries: the positions that were entered.
        bookmark: how far it has come.
        letters: what it could not enter.
    """

    def __init__(self, other: Books | None = None) -> None:
        """Empty, or a copy."""
        self.entries: list[int] = [] if other is None else list(other.entries)
        self.bookmark: Bookmark | None = None if other is None else other.bookmark
        self.letters: dict[int, DeadLetter] = {} if other is None else dict(other.letters)


class Ledger(
    Subscription,
    name="ledger",
    batch_max=BATCH_MAX,
    retry_max=RETRY_MAX,
    retry_seconds_min=0.001,
    retry_seconds_max=0.01,
):
    """Enters money exactly once: what it enters and its bookmark are one transaction."""

    _draft: Books

    async def open(self, services: Sequence[object]) -> None:
        """It needs nothing."""

    @asynccontextmanager
    async def batch(self) -> AsyncGenerator[None]:
        """All of it or nothing; now and then it is done, and nobody hears of it."""
        self._draft = Books(WITNESS.world.kept())
        yield
        await WITNESS.world.wrote(self._draft)

    @handle
    async def moved(self, event: MoneyMoved, record: Record, witness: Witness) -> None:
        """One entry."""
        await witness.world.read("ledger", record.position, poisoned=event.change == POISON)
        self._draft.entries.append(record.position)

    async def load_bookmark(self) -> Bookmark | None:
        """See `Subscription`."""
        await asyncio.sleep(0)
        return WITNESS.world.kept().bookmark

    async def save_bookmark(self, bookmark: Bookmark) -> None:
        """See `Subscription`."""
        self._draft.bookmark = bookmark

    async def load_dead_letters(self) -> list[DeadLetter]:
        """See `Subscription`."""
        return list(WITNESS.world.kept().letters.values())

    async def save_dead_letter(self, letter: DeadLetter) -> None:
        """See `Subscription`."""
        self._draft.letters[letter.position] = letter

    async def drop_dead_letter(self, position: int) -> None:
        """See `Subscription`."""
        self._draft.letters.pop(position, None)


#: Reading the classes takes longer than a world's whole life: they are read once.
CLASSES: list[Any] = [Order, Stock, Wallet, Alarm, Booking, Deadlines, Sale, Reader, Ledger]
CATALOGUE = Catalogue.build(CLASSES, [WITNESS])
