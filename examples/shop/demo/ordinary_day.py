"""An ordinary day in the shop, without end: a few dozen commands a second, for the dashboard. `make top`.

`actum run examples.shop.demo.ordinary_day:main --top` is the same. Its store is a temporary directory, gone at the
end; when there are very many events in it, a new day begins with an empty one. To have a store that stays:
`python -m examples.shop.demo.ordinary_day DIRECTORY`, and `actum top DIRECTORY` beside it.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import final

import actum
from actum import ActumError, CommandFailed, Engine, Rejected

from examples.shop import FULFILMENT, open_shop
from examples.shop.commands import RenameCustomer
from examples.shop.demo.town import PIECES, PRICES, RARE, Story, Town
from examples.shop.demo.troubles import TROUBLES
from examples.shop.queries import StockOfProducts

SEED = 1
ORDERS_A_SECOND = 4.0
#: A day is over with so many events: about 150 MB, some hours.
EVENTS_MAX = 500_000
#: Orders under way at once.
STORIES_MAX = 500
#: Whose order has such a number has another name afterwards.
WEDDING = "00"
#: How often somebody looks at the shelves, and how often there are truffles.
SHELVES_SECONDS = 2.0
RARE_ROUNDS = 30


async def main() -> None:
    """One day after the other, until cancelled."""
    seed = SEED
    with tempfile.TemporaryDirectory(prefix="actum-demo-") as directory:
        while True:
            store = Path(directory) / str(seed) / "shop"
            store.parent.mkdir()
            await one_day(store, seed=seed)
            seed += 1


async def one_day(store: Path, *, seed: int = SEED) -> None:
    """A day in a store that may have seen others."""
    async with open_shop(store, *FULFILMENT, *TROUBLES) as engine:
        await engine.monitor(admin=True)
        await OrdinaryDay(engine, Town(seed), first=engine.statistics().position).trade()


@final
class OrdinaryDay:
    """People who come, think, pay or don't."""

    def __init__(
        self, engine: Engine, town: Town, *, first: int = 0, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Not begun yet.

        Args:
            engine: of the shop.
            town: whose people they are.
            first: the number of the first order, above all that there were.
            now: the time at which an order is placed.
        """
        self._engine = engine
        self._town = town
        self._first = first
        self._now = now
        self._under_way = 0

    async def trade(self, *, events_max: int = EVENTS_MAX) -> None:
        """Trade until there are so many events."""
        for command in self._town.arrivals():
            with suppress(Rejected):  # who was registered on another day
                await self._engine.send(command)
        async with asyncio.TaskGroup() as people:
            shelves = people.create_task(self._fill_shelves(), name="shelves")
            number = self._first
            while self._engine.statistics().position < events_max:
                await asyncio.sleep(self._town.pause_seconds(ORDERS_A_SECOND))
                if self._under_way < STORIES_MAX:
                    number += 1
                    people.create_task(self._live(self._town.story(number, self._now())), name=f"order {number}")
            shelves.cancel()

    async def _live(self, story: Story) -> None:
        """One order from its customer's side: what the shop refuses is no surprise to anybody."""
        visit = story.order.order_id.replace("o-", "visit-")
        self._under_way += 1
        try:
            with suppress(Rejected, CommandFailed):
                await self._engine.send(story.order, correlation_id=visit)
                await asyncio.sleep(story.think_seconds)
                if story.then is not None:
                    await self._engine.send(story.then, correlation_id=visit)
                if story.order.order_id.endswith(WEDDING):
                    customer_id = story.order.customer_id
                    await self._engine.send(RenameCustomer(customer_id=customer_id, name=self._town.name()))
        finally:
            self._under_way -= 1

    async def _fill_shelves(self) -> None:
        """Order what is running out."""
        round_number = 0
        while True:
            await asyncio.sleep(SHELVES_SECONDS)
            round_number += 1
            levels = await self._engine.ask(StockOfProducts(product_ids=tuple(PRICES)))
            for level in levels.values():
                enough = level.quantity > PIECES // 4 if level.product_id != RARE else round_number % RARE_ROUNDS
                if not enough:
                    with suppress(ActumError):
                        await self._engine.send(self._town.delivery(level.product_id))


if __name__ == "__main__":
    actum.run(one_day(Path(sys.argv[1])))
