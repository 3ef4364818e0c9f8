"""What the market's clients sent and were told, compared with its log: all or nothing, once, and nothing lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actum import Command, Conflict, Receipt
from actum.records import StoredRecord

from tests.simulation.market import BookSeat
from tests.support.fulfilment import AddStock, FillWallet, PayOrder, PlaceOrder, TakePayment

#: The facts that a command leads to: tag, key, and what is said in it.
Fact = tuple[str, str, object]


@dataclass(eq=False)
class Attempt:
    """Commands that are sent as one, perhaps again and again under the same id.

    Attributes:
        name: their command id, and the user id by which the log knows them.
        commands: what is sent.
        after: a seat among them must not have been booked behind this position; None for no such condition.
        records: what they wrote.
        tries: how often it was sent.
        known: whether somebody knows what became of it.
    """

    name: str
    commands: Sequence[Command]
    after: int | None = None
    records: list[StoredRecord] | None = None
    tries: int = 0
    known: bool = False


@dataclass(eq=False)
class Wake:
    """An alarm.

    Attributes:
        alarm_id: its id.
        acknowledged: whether a client knows that it will ring.
        cancelled: whether a client knows that it will not.
        doubtful: whether somebody tried to cancel it, and knows nothing.
    """

    alarm_id: str
    acknowledged: bool = False
    cancelled: bool = False
    doubtful: bool = False

    def is_right(self, state: str | None, rang: int) -> bool:
        """Whether what became of it is what was promised."""
        if rang != (state == "fired"):
            return False
        if self.cancelled:
            return state in ("cancelled", None)
        if not self.acknowledged:
            return True
        over = ("failed",) if self.alarm_id.startswith("mute") else ("fired",)
        return state in over or (self.doubtful and state == "cancelled")


class Promises:
    """Everything that was sent by hand."""

    def __init__(self, faults: list[str]) -> None:
        """Nothing yet; faults are added to the list."""
        self.attempts: dict[str, Attempt] = {}
        self.wakes: dict[str, Wake] = {}
        self._faults = faults
        self._booked: list[tuple[int, str]] = []

    def take(self, records: list[StoredRecord]) -> None:
        """What clients wrote in one frame: of each attempt all, side by side, and for the first time."""
        by_name: dict[str, list[StoredRecord]] = {}
        for record in records:
            by_name.setdefault(str(record.user_id), []).append(record)
        for name, found in by_name.items():
            attempt = self.attempts.get(name)
            positions = [record.position for record in found]
            if attempt is None or [fact_of(record) for record in found] != list(map(wanted_of, attempt.commands)):
                self._faults.append(f"{attempt} wrote {found}")
            elif positions != list(range(positions[0], positions[0] + len(found))):
                self._faults.append(f"{attempt} is at {positions}: something came between")
            elif attempt.records is not None:
                self._faults.append(f"{attempt} had its effect again, at {positions}")
            else:
                attempt.records = found
                self._check_seats(attempt)
            self._booked += [(record.position, said(record)["seat"]) for record in found if record.tag == "SeatBooked"]

    def _check_seats(self, attempt: Attempt) -> None:
        """The condition of an attempt held when it was written."""
        seats = {command.seat for command in attempt.commands if isinstance(command, BookSeat)}
        for position, seat in self._booked:
            if attempt.after is not None and seat in seats and position > attempt.after:
                self._faults.append(f"{attempt} was accepted, although {seat} was booked at {position}")

    def receipts(self, attempt: Attempt, receipts: Sequence[Receipt]) -> None:
        """They are what the log says."""
        written = None if attempt.records is None else [
            (record.key, record.version, record.position) for record in attempt.records
        ]  # fmt: skip
        if [(receipt.key, receipt.version, receipt.position) for receipt in receipts] != written:
            self._faults.append(f"{attempt} got {receipts}, the log has {written}")

    def nothing(self, attempt: Attempt, error: Exception) -> None:
        """It was told that nothing was written."""
        if attempt.records is not None:
            self._faults.append(f"{attempt} was told {error!r}, and the log has {attempt.records}")
        if isinstance(error, Conflict):
            seats = {command.seat for command in attempt.commands if isinstance(command, BookSeat)}
            if not any(seat in seats and position > (attempt.after or 0) for position, seat in self._booked):
                self._faults.append(f"{attempt} was told {error!r}, and nobody has booked {seats}")

    def check_end(self, states: dict[str, str], rang: dict[str, int]) -> None:
        """Every alarm has done what was promised."""
        for alarm_id, wake in self.wakes.items():
            if not wake.is_right(states.get(alarm_id), rang.get(alarm_id, 0)):
                self._faults.append(f"{wake} is {states.get(alarm_id)} and rang {rang.get(alarm_id, 0)} times")


def wanted_of(command: Command) -> Fact:
    """What a command leads to."""
    match command:
        case TakePayment():
            return "MoneyMoved", command.wallet_id, -command.amount
        case FillWallet():
            return "MoneyMoved", command.wallet_id, command.amount
        case AddStock():
            return "StockChanged", command.product_id, command.quantity
        case BookSeat():
            return "SeatBooked", command.booking_id, command.seat
        case PlaceOrder():
            return "OrderPlaced", command.order_id, command.product_id
        case PayOrder():
            return "OrderPaid", command.order_id, command.wallet_id
        case _:
            raise AssertionError(command)


def fact_of(record: StoredRecord) -> Fact:
    """What a record says."""
    event = said(record)
    names = ("change", "seat", "wallet_id") if record.tag != "OrderPlaced" else ("product_id",)
    if record.tag == "OrderPaid":
        names = ("wallet_id",)
    return record.tag, record.key, next(event[name] for name in names if name in event)


def said(record: StoredRecord) -> Any:
    """The event, plain."""
    return record.event
