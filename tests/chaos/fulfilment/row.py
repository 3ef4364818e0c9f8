"""The fulfilment as a row of `make chaos`: fewer baskets between two kills than in `make fulfilment`, more of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.chaos.fulfilment.databases import databases
from tests.chaos.fulfilment.show import run as play
from tests.chaos.row import Outcome, Row, Violation

#: Baskets for each kill.
BASKETS = 75
#: Kills of one shop's life.
LIFE = 20


def run(first: int, count: int, mutant: str = "") -> Outcome:
    """So many kills of one shop; the list of orders is in PostgreSQL too, where there is one, but not for a mutant."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        with databases(directory, postgres=not mutant) as urls:
            figures = play(directory, BASKETS * count, count, urls, seed=first, mutant=mutant)
    orders = figures.books.orders.values()
    counts = {
        "orders shipped": sum(order.shipped for order in orders),
        "orders cancelled": sum(not order.shipped for order in orders),
        "payments given back": sum(bool(order.refunded) for order in orders),
        "deadlines fired": figures.books.deadlines["DeadlineFired"],
        "steps that a kill came in the way of": sum(figures.cut()),
        **{f"rows in {dialect}": rows for dialect, rows in figures.tables.items()},
    }
    return Outcome(count, [Violation(first, fault) for fault in figures.faults], counts)


ROW = Row(
    name="fulfilment",
    title="kill -9 while real orders are fulfilled: orders left open, goods or money lost, commands twice, SQL unequal",
    unit="kills",
    short=4,
    full=100,
    part=LIFE,
    run=run,
)
