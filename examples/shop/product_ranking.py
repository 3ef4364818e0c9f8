"""The view of what sells: products by pieces and by money."""

from actum import View, answer, project

from examples.shop.events import OrderCancelled, OrderItemAdded, StockReceived
from examples.shop.queries import BestSellers, SalesOfProduct
from examples.shop.rows import ProductSales


class ProductRanking(View[ProductSales]):
    """One row per product, from the day on which it first came in; so one that never sold is there too."""

    @project
    def received(self, event: StockReceived) -> None:
        """The product's name, which may be a new one."""
        row = self.get(event.product_id) or ProductSales(product_id=event.product_id)
        self.put(row.replace(name=event.name))

    @project
    def added(self, event: OrderItemAdded) -> None:
        """One more line of this product."""
        row = self.get(event.product_id) or ProductSales(product_id=event.product_id)
        self.put(
            row.replace(
                line_count=row.line_count + 1,
                quantity=row.quantity + event.quantity,
                amount_cents=row.amount_cents + event.amount_cents,
            )
        )

    @project
    def cancelled(self, event: OrderCancelled) -> None:
        """The items no longer count."""
        for item in event.items:
            if row := self.get(item.product_id):
                self.put(
                    row.replace(
                        line_count=row.line_count - 1,
                        quantity=row.quantity - item.quantity,
                        amount_cents=row.amount_cents - item.amount_cents,
                    )
                )

    @answer
    def best(self, query: BestSellers) -> list[ProductSales]:
        """The end of an index, read backwards."""
        return self.order_by(query.by, descending=True, limit=query.limit)

    @answer
    def of_product(self, query: SalesOfProduct) -> ProductSales | None:
        """One look-up."""
        return self.get(query.product_id)
