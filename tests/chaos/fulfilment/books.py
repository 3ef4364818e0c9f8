"""The books: what the log says about every order, its goods and its money, read once from the first record to the last.

Nothing of the shop's own code is used here, and none of its views: only what is stored. So a command that took effect
twice is seen, whoever sent it: its events are there twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actum import StoredRecord, open_store


@dataclass
class Order:
    """What the log says about one order.

    Attributes:
        total_cents: what it costs.
        sold: the pieces of its lines, by product.
        ends: the tags of its last events: one, if it ended once.
        reason: why it was cancelled.
        reserved: for each product, every quantity that was reserved.
        released: the same for what was put back.
        taken: every amount that was paid.
        refunded: every amount that was given back.
    """

    total_cents: int
    sold: Counter[str] = field(default_factory=Counter[str])
    ends: list[str] = field(default_factory=list[str])
    reason: str = ""
    reserved: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    released: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    taken: list[int] = field(default_factory=list[int])
    refunded: list[int] = field(default_factory=list[int])

    @property
    def shipped(self) -> bool:
        """Whether it was sent."""
        return self.ends == ["OrderShipped"]

    def faults(self) -> Iterator[str]:
        """What does not fit together."""
        if self.ends not in (["OrderShipped"], ["OrderCancelled"]):
            yield f"ended with {self.ends}"
        goods = {product: [quantity] for product, quantity in self.sold.items() if quantity}
        money = [self.total_cents]
        if self.shipped:
            if (self.reserved, self.released) != (goods, {}):
                yield f"is shipped; {goods} were sold, {dict(self.reserved)} reserved, {dict(self.released)} put back"
            if (self.taken, self.refunded) != (money, []):
                yield f"is shipped; it costs {money}, {self.taken} were taken, {self.refunded} given back"
        else:
            if self.reserved not in ({}, goods) or self.released != self.reserved:
                yield f"is cancelled; {goods} were sold, {dict(self.reserved)} reserved, {dict(self.released)} put back"
            if self.taken not in ([], money) or self.refunded != self.taken:
                yield f"is cancelled; it costs {money}, {self.taken} were taken, {self.refunded} given back"


class Books:
    """The log of a shop, read.

    Attributes:
        orders: by id.
        shelf: pieces to be had, by product.
        received: pieces that came in.
        records: how many records there are.
        commands: how many commands wrote them.
        steps: of each step of the process: the position of the event, and its own.
        deadlines: how many deadlines ended in which way.
    """

    def __init__(self) -> None:
        """Empty; see `read`."""
        self.orders: dict[str, Order] = {}
        self.shelf: Counter[str] = Counter()
        self.received = 0
        self.records = 0
        self.commands = 0
        self.steps: list[tuple[int, int]] = []
        self.deadlines: Counter[str] = Counter()
        self._faults: list[str] = []
        self._known: set[bytes] = set()
        self._versions: Counter[tuple[str, str]] = Counter()
        self._reacted: dict[str, int] = {}
        self._scheduled: set[str] = set()

    @classmethod
    def read(cls, store: Path) -> Books:
        """Read a store, every byte of which is verified first."""
        books = cls()
        with open_store(store) as opened:
            books._faults += [finding.what for finding in opened.verify().findings if finding.level == "error"]
            last = b""
            for record in opened.records():
                books._enter(record, last)
                last = record.command_id_bytes
        return books

    def _enter(self, record: StoredRecord, last: bytes) -> None:
        """One record more."""
        self.records += 1
        stream = record.aggregate, record.key
        self._versions[stream] += 1
        if (record.position, record.version) != (self.records, self._versions[stream]):
            self._faults.append(f"{record!r} has another version or position than it should")
        if record.command_id_bytes != last:
            self.commands += 1
            if record.command_id_bytes in self._known:
                self._faults.append(f"the command of {record!r} took effect twice")
            self._known.add(record.command_id_bytes)
        event = record.event
        assert isinstance(event, dict)
        match record.aggregate:
            case "Order":
                self._enter_order(record, event)
            case "Stock":
                self._enter_stock(record, event)
            case "Payment":
                order = self.orders[record.key]
                amounts = order.taken if record.tag == "PaymentTaken" else order.refunded
                amounts.append(event["amount_cents"])
            case "actum.Processes" | "actum.Deadlines":
                self._enter_automation(record, event)
            case _:
                pass

    def _enter_order(self, record: StoredRecord, event: dict[str, Any]) -> None:
        """Placed, with its lines, and ended."""
        if record.tag == "OrderPlaced":
            if record.key in self.orders:
                self._faults.append(f"order {record.key} was placed twice")
            self.orders[record.key] = Order(event["total_cents"])
            return
        order = self.orders[record.key]
        if record.tag == "OrderItemAdded":
            order.sold[event["product_id"]] += event["quantity"]
        if order.ends or record.tag in ("OrderShipped", "OrderCancelled"):
            order.ends.append(record.tag)
            order.reason = event.get("reason", "")

    def _enter_stock(self, record: StoredRecord, event: dict[str, Any]) -> None:
        """Goods move; there are never fewer than none."""
        quantity = event["quantity"]
        match record.tag:
            case "StockReceived":
                self.received += quantity
            case "StockReserved":
                self.orders[event["order_id"]].reserved[record.key].append(quantity)
                quantity = -quantity
            case _:
                self.orders[event["order_id"]].released[record.key].append(quantity)
        self.shelf[record.key] += quantity
        if self.shelf[record.key] < 0:
            self._faults.append(f"at {record!r} there are {self.shelf[record.key]} pieces")

    def _enter_automation(self, record: StoredRecord, event: dict[str, Any]) -> None:
        """Steps of the process, each on a later event than the one before; deadlines, each of which ends once."""
        match record.tag.removeprefix("actum."):
            case "ProcessStepped":
                if event["position"] <= self._reacted.get(record.key, 0):
                    self._faults.append(f"{record.key} reacted to the event at {event['position']} twice")
                self._reacted[record.key] = event["position"]
                self.steps.append((event["position"], record.position))
            case "ProcessFailed":
                self._faults.append(f"{record.key} failed: {event['reason']}")
            case "DeadlineScheduled":
                self._scheduled.add(record.key)
            case "DeadlineFired" | "DeadlineCancelled" | "DeadlineFailed" as end:
                self.deadlines[end] += 1
                if record.key not in self._scheduled:
                    self._faults.append(f"the deadline {record.key} ended twice")
                self._scheduled.discard(record.key)
            case _:
                pass

    def faults(self) -> Iterator[str]:
        """All that does not fit together."""
        yield from self._faults
        for order_id, order in self.orders.items():
            yield from (f"order {order_id} {fault}" for fault in order.faults())
        if self._scheduled or self.deadlines["DeadlineFailed"]:
            yield f"{len(self._scheduled)} deadlines are left, {self.deadlines['DeadlineFailed']} failed"
        if self.received != self.on_shelf + self.pieces_shipped:
            yield f"of {self.received} pieces {self.on_shelf} are there, and {self.pieces_shipped} were shipped"
        if self.money_taken - self.money_refunded != self.money_shipped:
            yield (
                f"{self.money_taken} cents were taken and {self.money_refunded} given back, "
                f"but what was shipped costs {self.money_shipped}"
            )

    @property
    def on_shelf(self) -> int:
        """Pieces that are to be had."""
        return self.shelf.total()

    @property
    def pieces_shipped(self) -> int:
        """Pieces in the orders that were shipped."""
        return sum(order.sold.total() for order in self.orders.values() if order.shipped)

    @property
    def money_taken(self) -> int:
        """In cents."""
        return sum(sum(order.taken) for order in self.orders.values())

    @property
    def money_refunded(self) -> int:
        """In cents."""
        return sum(sum(order.refunded) for order in self.orders.values())

    @property
    def money_shipped(self) -> int:
        """What the orders cost that were shipped, in cents."""
        return sum(order.total_cents for order in self.orders.values() if order.shipped)
