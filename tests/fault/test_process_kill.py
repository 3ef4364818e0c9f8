"""kill -9 while orders are fulfilled, again and again on one store: every order ends, and everything adds up.

A child places orders, pays for some, and is killed at a random moment; the next one goes on with new orders while the
processes go on with the old ones. At last the store is opened here. Every order is shipped or cancelled, no process is
under way or has failed, no deadline is pending; goods and money are what the shipped orders say; and of each order's
commands, none has had its effect twice.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

import actum
import pytest
from actum import open_store

from tests.support import fulfilment
from tests.support.fulfilment import AddStock, Fulfilment, Order, open_shop
from tests.support.processes import SECONDS_MAX
from tests.support.scenes import until

KILLS = 10
STOCK = 600
MONEY = 5_000

#: Places and pays until it is killed.
CHILD = textwrap.dedent(
    """
    import asyncio, sys
    from random import Random
    import actum
    from tests.support import fulfilment
    from tests.support.fulfilment import FillWallet, PayOrder, PlaceOrder, open_shop

    fulfilment.PAY_SECONDS = 0.3
    store, start = sys.argv[1], int(sys.argv[2])

    async def client(shop, numbers):
        for number in numbers:
            random = Random(number)
            order = {"order_id": f"{number}"}
            quantity = random.randint(1, 4)
            product_id = random.choice(["apple", "pear"])
            await shop.send(
                PlaceOrder(**order, product_id=product_id, quantity=quantity), correlation_id=f"order {number}"
            )
            if random.random() < 0.8:
                wallet_id = random.choice(["ann", "bob", "poor"])
                await shop.send(PayOrder(**order, wallet_id=wallet_id), correlation_id=f"order {number}")
            print(number, flush=True)

    async def main():
        async with open_shop(store, durability="full", snapshot_events_max=5) as shop:
            print("open", flush=True)
            numbers = iter(range(start, start + 1000))
            async with asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(client(shop, numbers))
                while True:
                    await asyncio.sleep(0.02)
                    await shop.checkpoint()

    actum.run(main())
    """
)


async def begin(store: Path) -> None:
    """What there is to sell, and the money to buy it with."""
    async with open_shop(store) as shop:
        for product_id in ("apple", "pear"):
            await shop.send(AddStock(product_id=product_id, quantity=STOCK))
        for wallet_id in ("ann", "bob"):
            await shop.send(fulfilment.FillWallet(wallet_id=wallet_id, amount=MONEY))


async def end(store: Path) -> None:
    """Everything that is under way ends."""
    async with open_shop(store) as shop:
        deadline = time.monotonic() + SECONDS_MAX
        await until(
            lambda: (
                (not shop.processes(Fulfilment) and not shop.statistics().processes[0].lag)
                or time.monotonic() > deadline
            ),
            turns_max=10**9,
        )
        assert shop.processes(Fulfilment) == []
        assert shop.deadlines() == []
        assert shop.statistics().processes[0].failure is None


def kill_a_child(store: Path, number: int, random: Random) -> None:
    """Let a child work for a while."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store), str(number * 1000)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert child.stdout is not None
    with child.stdout as reports:
        for _ in range(random.choice([1, 1, 2, 10, 60])):
            assert reports.readline(), "it died by itself"
        time.sleep(random.random() * 0.05)
        child.send_signal(signal.SIGKILL)
        reports.read()
    assert child.wait(SECONDS_MAX) == -signal.SIGKILL


def check(store: Path) -> None:
    """The log adds up."""
    states: dict[str, str] = {}
    quantities: dict[str, int] = {}
    moved: defaultdict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    with open_store(store) as opened:
        for record in opened.records():
            event = record.event
            assert isinstance(event, dict)
            if record.aggregate == Order.__name__:
                states[record.key] = record.tag
                quantities.setdefault(record.key, event.get("quantity", 0))
            elif record.aggregate in ("Stock", "Wallet"):
                totals[record.aggregate] += event["change"]
                if record.correlation_id is not None:
                    moved[record.correlation_id.removeprefix("order ")][f"{record.aggregate} {event['change']}"] += 1
        assert opened.verify().ok
    assert set(states.values()) <= {"OrderShipped", "OrderCancelled"}
    shipped = sum(quantities[key] for key, state in states.items() if state == "OrderShipped")
    assert shipped, "the test sold nothing"
    assert totals == {"Stock": 2 * STOCK - shipped, "Wallet": 2 * MONEY - 10 * shipped}
    for key, state in states.items():
        quantity = quantities[key]
        out, back, paid = f"Stock {-quantity}", f"Stock {quantity}", f"Wallet {-10 * quantity}"
        allowed = [{out: 1, paid: 1}] if state == "OrderShipped" else [{}, {out: 1, back: 1}]
        assert dict(moved[key]) in allowed, f"order {key} {state}: {moved[key]}"


@pytest.mark.timeout(180)
def test_every_order_ends_whatever_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no command has its effect twice."""
    monkeypatch.setattr(fulfilment, "PAY_SECONDS", 0.3)
    store, random = tmp_path / "shop", Random(7)
    actum.run(begin(store))
    for number in range(1, KILLS + 1):
        kill_a_child(store, number, random)
    actum.run(end(store))
    check(store)
