"""The view behind every list of orders, denormalised: a row says who ordered, how much, and what has become of it."""

from actum import Page, View, answer, project

from examples.shop.events import CustomerRenamed, OrderCancelled, OrderPlaced, OrderShipped
from examples.shop.queries import OrderById, OrderCount, OrdersByCustomer
from examples.shop.rows import OrderSummary


class OrderSummaries(View[OrderSummary]):
    """One row per order.

    A row has the customer's name as of now, not as of the order: a new name is written into all of the customer's rows.
    The first name comes with the order, as the directory knew it when the order was decided.
    """

    @project
    def placed(self, event: OrderPlaced) -> None:
        """A new row."""
        self.put(
            OrderSummary(
                order_id=event.order_id,
                customer_id=event.customer_id,
                customer_name=event.customer_name,
                status="placed",
                total_cents=event.total_cents,
                item_count=event.item_count,
                created_at=event.placed_at,
            )
        )

    @project
    def shipped(self, event: OrderShipped) -> None:
        """Another status."""
        if row := self.get(event.order_id):
            self.put(row.replace(status="shipped"))

    @project
    def cancelled(self, event: OrderCancelled) -> None:
        """Another status; what the order was worth stays to be seen."""
        if row := self.get(event.order_id):
            self.put(row.replace(status="cancelled"))

    @project
    def renamed(self, event: CustomerRenamed) -> None:
        """The new name in each of the customer's rows."""
        for row in self.where(customer_id=event.customer_id):
            self.put(row.replace(customer_name=event.name))

    @answer
    def by_id(self, query: OrderById) -> OrderSummary | None:
        """One look-up."""
        return self.get(query.order_id)

    @answer
    def by_customer(self, query: OrdersByCustomer) -> Page[OrderSummary]:
        """A walk over the customer's part of the index, newest first."""
        where = {"customer_id": query.customer_id}
        if query.status is not None:
            where["status"] = query.status
        return self.page(
            ("customer_id", "created_at"), limit=query.limit, cursor=query.cursor, descending=True, where=where
        )

    @answer
    def number_of(self, query: OrderCount) -> int:
        """The size of the table, or of one entry of the hash index."""
        return len(self) if query.status is None else self.count(status=query.status)
