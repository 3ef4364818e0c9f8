"""The figures at the end of a run, as a table to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from examples.shop.demo.report import line
from tests.chaos.fulfilment.judgement import REASONS, reason_of
from tests.chaos.fulfilment.show import Figures


def report_lines(figures: Figures) -> Iterator[str]:
    """One line per figure: what it is, the number, the unit, and what else helps to judge it."""
    books, cut = figures.books, figures.cut()
    orders = books.orders.values()
    shipped = sum(order.shipped for order in orders)
    cancelled = Counter(reason_of(order) for order in orders if not order.shipped)
    refunded = sum(bool(order.refunded) for order in orders)
    opening = sum(kill.opening for kill in figures.kills)
    yield line(
        "kill -9", f"{len(figures.kills):,}", "times", f"every {apart(figures):.1f} s; {opening} while it opened"
    )
    yield line(
        "", f"{sum(map(bool, cut)):,}", "in work", f"cut {sum(cut):,} steps off from their event: all taken later"
    )
    yield line("", f"{figures.asked_again:,}", "commands", "sent again by customers: their answer was lost")
    yield line("elapsed", f"{figures.seconds:,.0f}", "s", f"{figures.baskets / figures.seconds:,.0f} baskets/s")
    yield line(
        "baskets", f"{figures.baskets:,}", "", f"{figures.baskets - len(orders):,} refused at once: out of stock"
    )
    yield line("orders", f"{len(orders):,}", "placed", "every one is over:")
    yield line("", f"{shipped:,}", "shipped")
    for reason in REASONS:
        remark = f"{refunded:,} refunded" if reason == "customer's wish" else ""
        yield line("", f"{cancelled[reason]:,}", "cancelled", f"{reason}{remark and ', '}{remark}")
    yield line("goods", f"{books.received:,}", "pieces", "received")
    yield line("", f"{books.pieces_shipped:,}", "", f"shipped, and {books.on_shelf:,} on the shelf")
    yield line("money", f"{books.money_taken / 100:,.2f}", "taken", f"{books.money_refunded / 100:,.2f} given back")
    yield line("", f"{books.money_shipped / 100:,.2f}", "shipped")
    yield line("log", f"{books.records:,}", "events", f"of {books.commands:,} commands, none of them twice")
    yield line("", f"{len(books.steps):,}", "steps", "of the process, each on another event")
    yield line(
        "",
        f"{books.deadlines.total():,}",
        "deadlines",
        f"{books.deadlines['DeadlineFired']:,} fired, the rest cancelled",
    )
    for dialect, rows in figures.tables.items():
        same = not any(dialect in fault for fault in figures.faults)
        yield line("SQL", f"{rows:,}", "rows", f"in {dialect}, {'the same as' if same else 'NOT AS'} in the view")


def apart(figures: Figures) -> float:
    """Seconds between two kills."""
    return figures.seconds / max(1, len(figures.kills))
