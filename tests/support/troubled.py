"""A shop in which things went wrong, on disk: what the `actum` command has to show and to mend.

`--app tests.support.troubled:SHOP`. Orders that were placed in the past leave deadlines that are overdue; a process
fails at the product called "buggy" unless `MENDED` says so, and a mailer at customers it does not like.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import actum
from actum import Deadlines, Done, Engine, Process, Record, Subscription, handle, react, refused
from actum.clock import Clock, SystemClock

from tests.support.fulfilment import (
    AddStock,
    CancelOrder,
    Fulfilment,
    Order,
    OrderPaid,
    OrderPlaced,
    OrderShipped,
    PayOrder,
    PlaceOrder,
    ShipOrder,
    Stock,
    Wallet,
)

#: The mailer's letters go here, one line each.
OUTBOX = "TROUBLED_OUTBOX"
#: Set: what was wrong in the code is mended.
MENDED = "TROUBLED_MENDED"
DAY_NS = 86_400_000_000_000


class Outbox:
    """Where letters go: a file, or nowhere."""

    def send(self, text: str) -> None:
        """One letter."""
        path = os.environ.get(OUTBOX)
        if path is not None:
            with Path(path).open("a") as file:
                file.write(f"{text}\n")


class Mailer(Subscription, name="mailer", retry_max=0):
    """Thanks for every order."""

    @handle
    def placed(self, event: OrderPlaced, record: Record, outbox: Outbox) -> None:
        """Unless the product's name can't be printed."""
        if event.product_id == "unprintable" and MENDED not in os.environ:
            raise ValueError("no such letter: \x1b[31m\u202e")
        print("a handler may print")
        outbox.send(f"{record.position} thanks for {event.order_id}")


class Courier(Process, key="order_id"):
    """Has a bug that only some orders meet."""

    order_id: str = ""

    @react(starts=True)
    def paid(self, event: OrderPaid) -> ShipOrder | None:
        """Ship it, unless it can't."""
        self.order_id = event.order_id
        if event.wallet_id == "buggy" and MENDED not in os.environ:
            raise ZeroDivisionError("a bug")
        return ShipOrder(order_id=event.order_id) if event.wallet_id != "patient" else None

    @refused
    def shipped_already(self, command: ShipOrder) -> None:
        """So be it."""

    @react
    def shipped(self, event: OrderShipped) -> Done:
        """It is over."""
        return Done()


SHOP = SimpleNamespace(
    components=[Order, Stock, Wallet, Fulfilment, Courier, Deadlines, Mailer],
    services=[Outbox()],
)


class PastClock:
    """The machine's clock, some days ago."""

    def __init__(self, days: float) -> None:
        """So many days ago."""
        self._clock, self._behind_ns = SystemClock(), int(days * DAY_NS)

    def now_ns(self) -> int:
        """See `Clock.now_ns`."""
        return self._clock.now_ns() - self._behind_ns

    def monotonic_ns(self) -> int:
        """See `Clock.monotonic_ns`."""
        return self._clock.monotonic_ns()


def open_troubled(
    path: Path | str,
    *,
    clock: Clock | None = None,
    automatic: bool = True,
    monitor: bool = False,
    admin: bool = False,
    **options: Any,
) -> Engine:
    """The shop's engine; other keywords are options."""
    chosen = actum.Options(**{"gc_policy": "none", "durability": "relaxed", "ballast_bytes": 0, **options})
    return Engine.open(
        path,
        *SHOP.components,
        services=SHOP.services,
        clock=clock,
        options=chosen,
        automatic=automatic,
        monitor=monitor,
        admin=admin,
    )


async def quiet(engine: Engine) -> None:
    """Until nothing goes on by itself."""
    while any(process.lag for process in engine.statistics().processes):
        await asyncio.sleep(0.001)
    await engine.subscription(Mailer).caught_up()


async def fill_troubled(path: Path | str) -> None:
    """One of each: waiting, done, stuck and failed processes; pending, overdue and failed deadlines; dead letters."""
    async with open_troubled(path, clock=PastClock(3)) as shop:
        await shop.send(AddStock(product_id="apple", quantity=10))
        await shop.send(AddStock(product_id="unprintable", quantity=10))
        await shop.send(PlaceOrder(order_id="overdue", product_id="apple"))
        await shop.send(PlaceOrder(order_id="stuck", product_id="apple"))
        await shop.send(PayOrder(order_id="stuck", wallet_id="patient"))
        await shop.send(PlaceOrder(order_id="failed", product_id="apple"))
        await shop.send(PayOrder(order_id="failed", wallet_id="buggy"))
        await quiet(shop)
        await shop.schedule(ShipOrder(order_id="nobody"), after=60, deadline_id="refused")
    async with open_troubled(path, clock=PastClock(2.999)) as shop:  # a minute and a half later
        while not any(one.state == "failed" for one in shop.deadlines()):
            await asyncio.sleep(0.001)
        await shop.send(PlaceOrder(order_id="waiting", product_id="unprintable"))
        await shop.send(PlaceOrder(order_id="sold out", product_id="pear"))
        await shop.schedule(CancelOrder(order_id="waiting", reason="late"), after=10 * 86_400, deadline_id="later")
        await quiet(shop)
