"""The show: real baskets through the shop's fulfilment, in a process that is killed with -9 every few seconds.

Customers (here) place orders, pay, change their minds, or never come back; the shop (a process) answers them until it
is killed, at a random moment that may be while it opens. Then five minutes pass, it is started again, customers repeat
what was not answered, and what was under way goes on by itself. At last half an hour passes, so that whoever has not
paid never will, and the shop is killed twice more while it cancels those orders. Then all have ended, and are judged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import actum
from actum import Command, open_store

from examples.shop.fulfilment import PAY_WITHIN
from tests.chaos.fulfilment.books import Books
from tests.chaos.fulfilment.counter import Counter
from tests.chaos.fulfilment.judgement import judged
from tests.chaos.fulfilment.wishes import Story, Wish, story_of

#: What passes on the shop's clock while it is down.
DOWN_SECONDS = 300.0
#: Customers who are in the shop at a time.
CUSTOMERS = 200
#: How many kills strike while the shop opens.
OPENING = 0.15
#: Kills when all orders have been placed, and half an hour has passed.
LAST_KILLS = 2


class Kill(NamedTuple):
    """When the shop is killed.

    Attributes:
        orders: when it is open and so many orders have been answered, or
        opening: while it opens;
        seconds: that long after that.
    """

    orders: int
    opening: bool
    seconds: float


class Figures(NamedTuple):
    """What a run came to.

    Attributes:
        baskets: orders that customers wanted to place.
        kills: when it was killed.
        heads: the last position in the log after each kill.
        asked_again: commands that were sent again, since their answer was lost with the shop.
        seconds: how long it took, without the judgement.
        books: what the log says.
        tables: rows of each list of orders in SQL, by what the database speaks.
        faults: what does not fit together.
    """

    baskets: int
    kills: Sequence[Kill]
    heads: Sequence[int]
    asked_again: int
    seconds: float
    books: Books
    tables: dict[str, int]
    faults: list[str]

    def cut(self) -> list[int]:
        """For each kill how many steps it came in the way of: the event was there already, the reaction was not."""
        return [sum(event <= head < step for event, step in self.books.steps) for head in self.heads]


def run(
    directory: Path,
    baskets: int,
    kills: int,
    urls: Sequence[str],
    *,
    seed: int = 0,
    mutant: str = "",
    show: Callable[[int], object] = lambda _: None,
) -> Figures:
    """Play it, and judge.

    Args:
        directory: an empty one, for the store.
        baskets: so many of the year's.
        kills: so many.
        urls: of the databases for the lists of orders.
        seed: of all that is random, but for the machine.
        mutant: breaks the shop's engine in one way.
        show: is told how many orders have been answered.
    """
    store = directory / "shop"
    story, counter = story_of(baskets, seed), Counter(store, urls, mutant)
    return actum.run(Show(store, story, urls, counter, show).play(plan(baskets, kills, seed)))


def plan(baskets: int, kills: int, seed: int) -> list[Kill]:
    """When it is killed: at moments spread over the orders, sometimes twice in a row, and at last after all of them."""
    random = Random(seed)
    last = min(kills, LAST_KILLS)
    planned = [Kill(baskets, opening=False, seconds=random.uniform(0.0, 0.2)) for _ in range(last)]
    for moment in sorted((random.randint(1, max(1, baskets - 1)) for _ in range(kills - last)), reverse=True):
        if random.random() < OPENING and len(planned) + 1 < kills:
            planned.insert(0, Kill(0, opening=True, seconds=random.uniform(0.3, 1.5)))
        if len(planned) < kills:
            planned.insert(0, Kill(moment, opening=False, seconds=random.choice([0.0, 0.01, 0.1]) * random.random()))
    return planned


class Show:
    """One run."""

    def __init__(
        self, store: Path, story: Story, urls: Sequence[str], counter: Counter, show: Callable[[int], object]
    ) -> None:
        """Nothing has happened yet."""
        self._store = store
        self._story = story
        self._urls = urls
        self._show = show
        self._counter = counter
        self._placed: set[str] = set()
        self._answered = 0
        self._more = asyncio.Event()
        self._seconds_ahead = 0.0
        self._heads: list[int] = []

    async def play(self, kills: Sequence[Kill]) -> Figures:
        """All of it."""
        started = time.monotonic()
        await self._counter.open(0.0)
        await self._send_all(self._story.before)
        wishes = iter(self._story.wishes)
        baskets = len(self._story.wishes)
        async with asyncio.TaskGroup() as group:
            for number in range(CUSTOMERS):
                group.create_task(self._serve(wishes), name=f"customer {number}")
            for kill in kills:
                if kill.orders < baskets:
                    await self._kill(kill)
        self._seconds_ahead += PAY_WITHIN.total_seconds()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_all(self._story.after), name="renaming")
            for kill in kills:
                if kill.orders == baskets:
                    await self._kill(kill)
        await self._counter.finish()
        seconds = time.monotonic() - started
        books = Books.read(self._store)
        faults, tables = await judged(self._store, books, self._story, self._placed, self._urls)
        if complaints := self._counter.complaints():
            faults.append(f"the shop complained: {complaints}")
        return Figures(baskets, kills, self._heads, self._counter.asked_again, seconds, books, tables, faults)

    async def _send_all(self, commands: Sequence[tuple[str, Command]]) -> None:
        """Send commands that nobody can refuse."""
        refusals = await asyncio.gather(*(self._counter.send(*one) for one in commands))
        assert not any(refusals), refusals

    async def _serve(self, wishes: Iterator[Wish]) -> None:
        """One customer after the other."""
        for wish in wishes:
            refusal = await self._counter.send(f"place {wish.order_id}", wish.order)
            self._answered += 1
            self._show(self._answered)
            self._more.set()
            if refusal is None:
                self._placed.add(wish.order_id)
                await self._go_on(wish)

    async def _go_on(self, wish: Wish) -> None:
        """What a customer does whose order was placed; it may be too late for it."""
        await asyncio.sleep(wish.think_seconds)
        pay = f"pay {wish.order_id}", wish.payment()
        cancel = f"cancel {wish.order_id}", wish.cancellation()
        match wish.habit:
            case "pays" | "pays with a bad card":
                await self._counter.send(*pay)
            case "changes their mind":
                await asyncio.gather(self._counter.send(*pay), self._counter.send(*cancel))
            case "never pays":
                pass

    async def _kill(self, kill: Kill) -> None:
        """Kill the shop when it is time, see where its log ends, and start it again later."""
        if not kill.opening:
            await self._counter.opened()
            while self._answered < kill.orders:
                self._more.clear()
                await self._more.wait()
        await asyncio.sleep(kill.seconds)
        await self._counter.kill()
        with open_store(self._store) as store:
            self._heads.append(store.head.position)
        self._seconds_ahead += DOWN_SECONDS
        await self._counter.open(self._seconds_ahead)
