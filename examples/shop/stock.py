"""The stock of one product: what came in, what a stocktaking corrected, what is kept for orders."""

from actum import Aggregate, Rejected, decide, evolve

from examples.shop.commands import AdjustStock, ReceiveStock, ReleaseStock, ReserveStock
from examples.shop.events import StockAdjusted, StockReceived, StockReleased, StockReserved
from examples.shop.rejections import OutOfStock


class Stock(Aggregate, key="product_id"):
    """One product on the shelf. `quantity` is what is to be had; None until it is received for the first time."""

    quantity: int | None = None

    @decide
    def receive(self, command: ReceiveStock) -> StockReceived:
        """Put pieces on the shelf."""
        if command.quantity < 1:
            raise Rejected(
                f"product {command.product_id}: {command.quantity} pieces can't be received, at least 1 is needed"
            )
        return StockReceived(
            product_id=command.product_id,
            name=command.name,
            department=command.department,
            quantity=command.quantity,
        )

    @decide
    def adjust(self, command: AdjustStock) -> StockAdjusted:
        """Correct the number of pieces; there are never fewer than none."""
        if self.quantity is None:
            raise Rejected(f"product {command.product_id} was never received, so there is nothing to adjust")
        if self.quantity + command.change < 0:
            raise Rejected(
                f"product {command.product_id} has {self.quantity:,} pieces, {-command.change:,} can't be taken away"
            )
        return StockAdjusted(product_id=command.product_id, change=command.change, reason=command.reason)

    @decide
    def reserve(self, command: ReserveStock) -> StockReserved:
        """Keep pieces for an order."""
        available = self.quantity or 0
        if command.quantity > available:
            raise OutOfStock(command.product_id, wanted=command.quantity, available=available)
        return StockReserved(product_id=command.product_id, order_id=command.order_id, quantity=command.quantity)

    @decide
    def release(self, command: ReleaseStock) -> StockReleased:
        """Put back what was kept."""
        return StockReleased(product_id=command.product_id, order_id=command.order_id, quantity=command.quantity)

    @evolve
    def received(self, event: StockReceived) -> None:
        """More pieces."""
        self.quantity = (self.quantity or 0) + event.quantity

    @evolve
    def adjusted(self, event: StockAdjusted) -> None:
        """More or fewer pieces."""
        self.quantity = (self.quantity or 0) + event.change

    @evolve
    def reserved(self, event: StockReserved) -> None:
        """Fewer pieces to be had."""
        self.quantity = (self.quantity or 0) - event.quantity

    @evolve
    def released(self, event: StockReleased) -> None:
        """More pieces to be had."""
        self.quantity = (self.quantity or 0) + event.quantity
