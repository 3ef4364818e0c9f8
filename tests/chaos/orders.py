"""kill -9 while orders are fulfilled, again and again on one store: every order ends, and everything adds up.

A child places orders, pays for some, and is killed at a random moment; the next one goes on with new orders while the
processes go on with the old ones. At last the store is opened here. Every order is shipped or cancelled, no process is
under way or has failed, no deadline is pending; goods and money are what the shipped orders say; and of each order's
commands, none has had its effect twice.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

import actum
from actum import ActumError, open_store

from tests.chaos.row import Outcome, Row, Violation
from tests.support import fulfilment
from tests.support.fulfilment import AddStock, Fulfilment, Order, open_shop
from tests.support.processes import ENVIRONMENT, SECONDS_MAX
from tests.support.scenes import until

#: Kills of one store's life.
LIFE = 10
#: How long customers have to pay, in seconds: here too, where everything ends.
PAY_SECONDS = 0.3
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


def kill_a_child(store: Path, number: int, random: Random) -> int:
    """Let a child work for a while; how many orders it reported."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store), str(number * 1000)],
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    assert child.stdout is not None
    with child.stdout as reports:
        wanted = random.choice([1, 1, 2, 10, 60])
        for _ in range(wanted):
            assert reports.readline(), "it died by itself"
        time.sleep(random.random() * 0.05)
        child.send_signal(signal.SIGKILL)
        left = reports.read()
    assert child.wait(SECONDS_MAX) == -signal.SIGKILL
    return wanted - 1 + left.count("\n")


def check(store: Path) -> Counter[str]:
    """The log adds up; how many orders ended how."""
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
    return Counter(states.values())


def run(first: int, count: int) -> Outcome:
    """So many kills of one store; at the end everything has to end. For processes of their own."""
    violations: list[Violation] = []
    counts: Counter[str] = Counter({"orders reported": 0, "orders shipped": 0, "orders cancelled": 0})
    patience, fulfilment.PAY_SECONDS = fulfilment.PAY_SECONDS, PAY_SECONDS
    try:
        with tempfile.TemporaryDirectory() as directory:
            store = Path(directory) / "shop"
            actum.run(begin(store))
            for number in range(first, first + count):
                counts["orders reported"] += kill_a_child(store, number + 1, Random(number))
            actum.run(end(store))
            ended = check(store)
            counts["orders shipped"], counts["orders cancelled"] = ended["OrderShipped"], ended["OrderCancelled"]
            if ended.total() < counts["orders reported"]:
                violations.append(Violation(first, f"{counts} were reported, and {ended} are there"))
    except (ActumError, AssertionError) as error:
        violations.append(Violation(first, f"kills {first} to {first + count - 1} of one store: {error!r}"))
    finally:
        fulfilment.PAY_SECONDS = patience
    return Outcome(count, violations, dict(counts))


ROW = Row(
    name="orders",
    title="kill -9 while processes and deadlines work: orders stuck, half, undone; commands twice; sums",
    unit="kills",
    short=LIFE,
    full=200,
    part=LIFE,
    run=run,
)
