"""The view of who buys: what each customer spent."""

from actum import View, answer, project

from examples.shop.events import CustomerRegistered, CustomerRenamed, OrderCancelled, OrderPlaced
from examples.shop.queries import SpendOfCustomer, TopCustomers
from examples.shop.rows import CustomerSpend


class CustomerSpending(View[CustomerSpend]):
    """One row per registered customer."""

    @project
    def registered(self, event: CustomerRegistered) -> None:
        """A new row, with nothing spent."""
        self.put(CustomerSpend(customer_id=event.customer_id, name=event.name))

    @project
    def renamed(self, event: CustomerRenamed) -> None:
        """Another name."""
        if row := self.get(event.customer_id):
            self.put(row.replace(name=event.name))

    @project
    def placed(self, event: OrderPlaced) -> None:
        """One more order."""
        if row := self.get(event.customer_id):
            self.put(row.replace(order_count=row.order_count + 1, spend_cents=row.spend_cents + event.total_cents))

    @project
    def cancelled(self, event: OrderCancelled) -> None:
        """The order no longer counts."""
        if row := self.get(event.customer_id):
            self.put(row.replace(order_count=row.order_count - 1, spend_cents=row.spend_cents - event.total_cents))

    @answer
    def top(self, query: TopCustomers) -> list[CustomerSpend]:
        """The end of the index, read backwards."""
        return self.order_by("spend_cents", descending=True, limit=query.limit)

    @answer
    def of_customer(self, query: SpendOfCustomer) -> CustomerSpend | None:
        """One look-up."""
        return self.get(query.customer_id)
