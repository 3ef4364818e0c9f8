"""The inventory: what is on the shelf. An order asks it once, for all its lines, before it is accepted.

In a company this would be another team's system behind a network; here it asks the shop's own view of its stock. Either
way the answer may be outdated a moment later. It is a check, not a reservation: two orders that are decided at the same
time can both be told that the last piece is there. What counts is the reservation, which `Fulfilment` makes.
"""

import asyncio
from collections.abc import Iterable

from examples.shop.queries import StockOfProducts
from examples.shop.rows import StockLevel
from examples.shop.service import Service


class Inventory(Service):
    """Answers what is available."""

    async def find(self, product_ids: Iterable[str]) -> dict[str, StockLevel]:
        """The products with their departments and the pieces on the shelf; without those that were never received.

        Nothing is changed, so cancelling it is harmless.
        """
        await asyncio.sleep(0)  # a network would take its time here: this order waits, all others go on
        engine = await self.engine()
        return await engine.ask(StockOfProducts(product_ids=tuple(product_ids)))
