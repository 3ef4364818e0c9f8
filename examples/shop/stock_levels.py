"""The view of the shelves: what the inventory service answers from."""

from actum import View, answer, project

from examples.shop.events import StockAdjusted, StockReceived, StockReleased, StockReserved
from examples.shop.queries import StockOfProduct, StockOfProducts
from examples.shop.rows import StockLevel


class StockLevels(View[StockLevel]):
    """One row per product that was ever received."""

    @project
    def received(self, event: StockReceived) -> None:
        """More pieces, and perhaps another name or department."""
        row = self.get(event.product_id)
        self.put(
            StockLevel(
                product_id=event.product_id,
                name=event.name,
                department=event.department,
                quantity=event.quantity + (row.quantity if row else 0),
            )
        )

    @project
    def adjusted(self, event: StockAdjusted) -> None:
        """More or fewer pieces."""
        self._change(event.product_id, event.change)

    @project
    def reserved(self, event: StockReserved) -> None:
        """Fewer pieces to be had."""
        self._change(event.product_id, -event.quantity)

    @project
    def released(self, event: StockReleased) -> None:
        """More pieces to be had."""
        self._change(event.product_id, event.quantity)

    def _change(self, product_id: str, change: int) -> None:
        """Another number of pieces."""
        if row := self.get(product_id):
            self.put(row.replace(quantity=row.quantity + change))

    @answer
    def of_product(self, query: StockOfProduct) -> StockLevel | None:
        """One look-up."""
        return self.get(query.product_id)

    @answer
    def of_products(self, query: StockOfProducts) -> dict[str, StockLevel]:
        """A look-up each."""
        levels = ((product_id, self.get(product_id)) for product_id in query.product_ids)
        return {product_id: level for product_id, level in levels if level is not None}
