"""The order: placed once, then shipped or cancelled. It remembers what its next decision needs, and no more.

What `Fulfilment` and its deadline send never fails on an order that is over: they can't know what came in between.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from actum import Aggregate, Rejected, decide, evolve

from examples.shop.commands import (
    AbandonOrder,
    CancelOrder,
    ExpireOrder,
    PayOrder,
    PlaceOrder,
    RequestStock,
    ShipOrder,
)
from examples.shop.customer_directory import CustomerDirectory
from examples.shop.events import (
    OrderCancelled,
    OrderItemAdded,
    OrderPlaced,
    OrderShipped,
    PaymentOffered,
    StockRequested,
)
from examples.shop.inventory import Inventory
from examples.shop.rejections import OutOfStock, UnknownCustomer
from examples.shop.values import OrderItem, OrderLine, OrderStatus, Pieces, day_of


class Order(Aggregate, key="order_id"):
    """One order. `status` is None until it is placed."""

    status: OrderStatus | None = None
    customer_id: str = ""
    day: date = date.min
    items: tuple[OrderItem, ...] = ()
    card_given: bool = False

    @decide
    async def place(
        self, command: PlaceOrder, customers: CustomerDirectory, inventory: Inventory
    ) -> list[OrderPlaced | OrderItemAdded]:
        """Accept the order if the customer is known and the inventory has every line."""
        if self.status is not None:
            raise Rejected(f"order {command.order_id} was placed before")
        check_form(command)
        customer_name = await customers.name_of(command.customer_id)
        if customer_name is None:
            raise UnknownCustomer(command.customer_id)
        items = await pick(command.lines, inventory)
        placed = OrderPlaced(
            order_id=command.order_id,
            customer_id=command.customer_id,
            customer_name=customer_name,
            shipping_address=command.shipping_address,
            item_count=len(items),
            total_cents=sum(item.amount_cents for item in items),
            placed_at=command.placed_at,
        )
        day = day_of(command.placed_at)
        return [placed, *(item_added(command.order_id, day, item) for item in items)]

    @decide
    def cancel(self, command: CancelOrder) -> OrderCancelled:
        """Take the order back while it is still here."""
        self._check_is_placed(command.order_id, "cancelled")
        return self._cancellation(command.order_id, command.reason)

    @decide
    def abandon(self, command: AbandonOrder) -> OrderCancelled | None:
        """Give the order up, unless it is over."""
        return self._cancellation(command.order_id, command.reason) if self.status == "placed" else None

    @decide
    def expire(self, command: ExpireOrder) -> OrderCancelled | None:
        """Give the order up, unless it is over or a card was given."""
        if self.status != "placed" or self.card_given:
            return None
        return self._cancellation(command.order_id, "not paid in time")

    @decide
    def pay(self, command: PayOrder) -> PaymentOffered:
        """Take the card; whether it is good is another's decision."""
        self._check_is_placed(command.order_id, "paid")
        if self.card_given:
            raise Rejected(f"order {command.order_id} can't be paid: a card was given before")
        return PaymentOffered(order_id=command.order_id, card=command.card)

    @decide
    def request_stock(self, command: RequestStock) -> StockRequested | None:
        """Say what is needed, each product once."""
        if self.status != "placed":
            return None
        return StockRequested(order_id=command.order_id, pieces=pieces_of(self.items))

    @decide
    def ship(self, command: ShipOrder) -> OrderShipped:
        """Send the order out."""
        self._check_is_placed(command.order_id, "shipped")
        return OrderShipped(order_id=command.order_id)

    @evolve
    def placed(self, event: OrderPlaced) -> None:
        """The order exists."""
        self.status = "placed"
        self.customer_id = event.customer_id
        self.day = day_of(event.placed_at)

    @evolve
    def item_added(self, event: OrderItemAdded) -> None:
        """One more item, kept for the case that the order is cancelled."""
        item = OrderItem(
            product_id=event.product_id,
            department=event.department,
            quantity=event.quantity,
            amount_cents=event.amount_cents,
        )
        self.items = (*self.items, item)

    @evolve
    def payment_offered(self, event: PaymentOffered) -> None:  # noqa: ARG002  # that it happened is all that matters
        """It does not expire any more."""
        self.card_given = True

    @evolve
    def stock_requested(self, event: StockRequested) -> None:
        """It is what it was."""

    @evolve
    def cancelled(self, event: OrderCancelled) -> None:  # noqa: ARG002  # that it happened is all that matters
        """Nothing more can happen, so the items are forgotten."""
        self.status = "cancelled"
        self.items = ()

    @evolve
    def shipped(self, event: OrderShipped) -> None:  # noqa: ARG002  # that it happened is all that matters
        """Nothing more can happen, so the items are forgotten."""
        self.status = "shipped"
        self.items = ()

    def _cancellation(self, order_id: str, reason: str) -> OrderCancelled:
        """The event that says what no longer counts, and why."""
        return OrderCancelled(
            order_id=order_id,
            customer_id=self.customer_id,
            reason=reason,
            day=self.day,
            items=self.items,
            total_cents=sum(item.amount_cents for item in self.items),
        )

    def _check_is_placed(self, order_id: str, wanted: str) -> None:
        """Only an order that is placed, and nothing more yet, can be shipped or cancelled."""
        if self.status is None:
            raise Rejected(f"order {order_id} can't be {wanted}: there is no such order")
        if self.status != "placed":
            raise Rejected(f"order {order_id} can't be {wanted}: it is {self.status}")


def check_form(command: PlaceOrder) -> None:
    """What can be said about an order without asking anyone. Quantities and amounts may be 0: real receipts have such.

    Raises:
        Rejected: naming the line and what is wrong with it.
    """
    if not command.lines:
        raise Rejected(f"order {command.order_id} has no lines: order at least one product")
    if command.placed_at.tzinfo is None:
        raise Rejected(f"order {command.order_id}: placed_at needs a time zone, {command.placed_at} has none")
    for number, line in enumerate(command.lines, 1):
        if line.quantity < 0 or line.amount_cents < 0:
            raise Rejected(
                f"order {command.order_id}, line {number}: neither quantity ({line.quantity}) "
                f"nor amount ({line.amount_cents} cents) may be negative"
            )


async def pick(lines: Sequence[OrderLine], inventory: Inventory) -> list[OrderItem]:
    """The lines as items, each with its product's department. Lines of the same product are added up for the check.

    Raises:
        OutOfStock: naming the first product of which there isn't enough.
    """
    levels = await inventory.find(line.product_id for line in lines)
    wanted: Counter[str] = Counter()
    items: list[OrderItem] = []
    for line in lines:
        wanted[line.product_id] += line.quantity
        level = levels.get(line.product_id)
        if level is None or wanted[line.product_id] > level.quantity:
            available = 0 if level is None else level.quantity
            raise OutOfStock(line.product_id, wanted=wanted[line.product_id], available=available)
        items.append(
            OrderItem(
                product_id=line.product_id,
                department=level.department,
                quantity=line.quantity,
                amount_cents=line.amount_cents,
            )
        )
    return items


def item_added(order_id: str, day: date, item: OrderItem) -> OrderItemAdded:
    """The event that says that an item was sold."""
    return OrderItemAdded(
        order_id=order_id,
        day=day,
        product_id=item.product_id,
        department=item.department,
        quantity=item.quantity,
        amount_cents=item.amount_cents,
    )


def pieces_of(items: Sequence[OrderItem]) -> tuple[Pieces, ...]:
    """What is needed from the shelves, each product once; nothing of what no piece was sold."""
    quantities: Counter[str] = Counter()
    for item in items:
        quantities[item.product_id] += item.quantity
    return tuple(
        Pieces(product_id=product_id, quantity=quantity) for product_id, quantity in quantities.items() if quantity
    )
