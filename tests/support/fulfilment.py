"""Orders that are fulfilled by a process: stock is reserved, money is taken, goods are shipped, or all is undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actum import (
    Aggregate,
    Cancel,
    Command,
    Done,
    Engine,
    Event,
    MemoryLog,
    Options,
    Process,
    Record,
    Rejected,
    Schedule,
    decide,
    evolve,
    react,
    refused,
)

#: How long a customer has to pay.
PAY_SECONDS = 1800.0


class PlaceOrder(Command):
    """Order some of a product."""

    order_id: str
    product_id: str
    quantity: int = 1


class PayOrder(Command):
    """Pay for an order."""

    order_id: str
    wallet_id: str


class ShipOrder(Command):
    """Send the goods."""

    order_id: str


class CancelOrder(Command):
    """Give an order up."""

    order_id: str
    reason: str


class OrderPlaced(Event):
    """Somebody wants something."""

    order_id: str
    product_id: str
    quantity: int


class OrderPaid(Event):
    """Somebody will pay."""

    order_id: str
    wallet_id: str


class OrderShipped(Event):
    """It is on its way."""

    order_id: str


class OrderCancelled(Event):
    """It will not be sent."""

    order_id: str
    reason: str


class Order(Aggregate, key="order_id"):
    """One order."""

    state: str = "new"
    quantity: int = 0

    @decide
    def place(self, command: PlaceOrder) -> OrderPlaced:
        """Once."""
        if self.state != "new":
            raise Rejected(f"the order is {self.state}")
        return OrderPlaced(order_id=command.order_id, product_id=command.product_id, quantity=command.quantity)

    @decide
    def pay(self, command: PayOrder) -> OrderPaid:
        """While it is open."""
        if self.state != "placed":
            raise Rejected(f"the order is {self.state}")
        return OrderPaid(order_id=command.order_id, wallet_id=command.wallet_id)

    @decide
    def ship(self, command: ShipOrder) -> OrderShipped:
        """Once."""
        if self.state != "paid":
            raise Rejected(f"the order is {self.state}")
        return OrderShipped(order_id=command.order_id)

    @decide
    def cancel(self, command: CancelOrder) -> OrderCancelled | None:
        """Unless it was shipped."""
        if self.state in ("shipped", "cancelled"):
            return None
        return OrderCancelled(order_id=command.order_id, reason=command.reason)

    @evolve
    def placed(self, event: OrderPlaced) -> None:
        """It is open."""
        self.state = "placed"
        self.quantity = event.quantity

    @evolve
    def paid(self, event: OrderPaid) -> None:
        """It is paid."""
        self.state = "paid"

    @evolve
    def shipped(self, event: OrderShipped) -> None:
        """It is over."""
        self.state = "shipped"

    @evolve
    def cancelled(self, event: OrderCancelled) -> None:
        """It is over."""
        self.state = "cancelled"


class AddStock(Command):
    """More of a product."""

    product_id: str
    quantity: int


class ReserveStock(Command):
    """Some of a product for an order."""

    product_id: str
    quantity: int
    order_id: str


class ReleaseStock(Command):
    """Not any more."""

    product_id: str
    quantity: int


class StockChanged(Event):
    """More or less of a product."""

    product_id: str
    change: int


class Stock(Aggregate, key="product_id"):
    """How much of a product there is."""

    quantity: int = 0

    @decide
    def add(self, command: AddStock) -> StockChanged:
        """Always."""
        return StockChanged(product_id=command.product_id, change=command.quantity)

    @decide
    def reserve(self, command: ReserveStock) -> StockChanged:
        """Not more than there is."""
        if command.quantity > self.quantity:
            raise Rejected(f"only {self.quantity} left")
        return StockChanged(product_id=command.product_id, change=-command.quantity)

    @decide
    def release(self, command: ReleaseStock) -> StockChanged:
        """Always."""
        return StockChanged(product_id=command.product_id, change=command.quantity)

    @evolve
    def changed(self, event: StockChanged) -> None:
        """More or less."""
        self.quantity += event.change


class FillWallet(Command):
    """Money for a customer."""

    wallet_id: str
    amount: int


class TakePayment(Command):
    """Money from a customer."""

    wallet_id: str
    amount: int


class MoneyMoved(Event):
    """More or less money."""

    wallet_id: str
    change: int


class Wallet(Aggregate, key="wallet_id"):
    """A customer's money; a wallet called "buggy" can't be charged."""

    money: int = 0

    @decide
    def fill(self, command: FillWallet) -> MoneyMoved:
        """Always."""
        return MoneyMoved(wallet_id=command.wallet_id, change=command.amount)

    @decide
    def take(self, command: TakePayment) -> MoneyMoved:
        """Not more than there is."""
        if command.wallet_id == "buggy":
            raise ZeroDivisionError("a bug")
        if command.amount > self.money:
            raise Rejected(f"only {self.money} there")
        return MoneyMoved(wallet_id=command.wallet_id, change=-command.amount)

    @evolve
    def moved(self, event: MoneyMoved) -> None:
        """More or less."""
        self.money += event.change


class Fulfilment(Process, key="order_id"):
    """From the order to the parcel, or back."""

    order_id: str = ""
    product_id: str = ""
    quantity: int = 0
    position: int = 0

    @react(starts=True)
    def placed(self, event: OrderPlaced, record: Record) -> Iterator[Command | Schedule]:
        """Keep the goods, for half an hour."""
        self.order_id, self.product_id, self.quantity = event.order_id, event.product_id, event.quantity
        self.position = record.position
        if event.product_id == "buggy":
            raise ZeroDivisionError("a bug")
        yield ReserveStock(product_id=event.product_id, quantity=event.quantity, order_id=event.order_id)
        yield Schedule(command=CancelOrder(order_id=event.order_id, reason="unpaid"), after=PAY_SECONDS, name="unpaid")

    @refused
    def sold_out(self, command: ReserveStock, error: Rejected) -> Iterator[Command | Done]:
        """There is not enough."""
        yield CancelOrder(order_id=command.order_id, reason=f"{command.product_id}: {error}")
        yield Done()

    @react
    def paid(self, event: OrderPaid) -> Iterator[Command | Cancel | Done]:
        """Take the money and ship, or neither."""
        yield Cancel(name="unpaid")
        yield TakePayment(wallet_id=event.wallet_id, amount=10 * self.quantity)
        yield ShipOrder(order_id=event.order_id)
        yield Done()

    @refused
    def no_money(self, command: TakePayment) -> Iterator[Command]:
        """Give it up; that event releases the goods."""
        yield CancelOrder(order_id=self.order_id, reason=f"{command.wallet_id} has no money")

    @refused
    def too_late(self, command: ShipOrder) -> None:
        """It was cancelled in between: that event comes next, and no money was taken."""

    @react
    def cancelled(self, event: OrderCancelled) -> list[Command | Done]:
        """Put the goods back."""
        return [ReleaseStock(product_id=self.product_id, quantity=self.quantity), Done()]


def open_shop(store: Any = None, *more: type[Any], clock: Any = None, **options: Any) -> Engine:
    """A shop's engine, in memory unless a store is given; other keywords are options."""
    defaults = {"gate_seconds": 0.0005, "gc_policy": "none", "durability": "relaxed", "ballast_bytes": 0}
    chosen = Options(**{**defaults, **options})
    log: Any = MemoryLog() if store is None else store
    return Engine.open(log, Order, Stock, Wallet, *(more or (Fulfilment,)), clock=clock, options=chosen)
