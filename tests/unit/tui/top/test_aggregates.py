"""Aggregate classes as rows, of a real engine and of what was sampled in it."""

from __future__ import annotations

import msgspec
from actum.monitor import AggregateVitals, Frame, Quantiles
from actum_tui.top.aggregates import AggregateRow, aggregate_rows
from actum_tui.top.look import Look

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene
from tests.unit.tui.top.test_vital_rows import SECOND_NS, STORE, VITALS

SAMPLED = AggregateVitals(
    name="Account", share=0.5, acknowledge=Quantiles(9, 0.001, 0.002, 0.003), rejected_share=0.25, deepest=3
)


@scene
async def test_rows() -> None:
    """What an engine says, and what was sampled; a class that nobody sends to is there too."""
    async with open_bank() as bank:
        before = Frame(time_ns=1, monotonic_ns=SECOND_NS, statistics=bank.statistics())
        for number in range(8):
            await bank.send(Deposit(account_id=f"a-{number}", amount=1))
        after = bank.statistics()
    vitals = msgspec.structs.replace(VITALS, aggregates=(SAMPLED,))
    idle = msgspec.structs.replace(after.aggregates[0], name="Idle", awake=0, quarantined=("x", "y"))
    after = msgspec.structs.replace(after, aggregates=(idle, *after.aggregates))
    now = Frame(time_ns=2, monotonic_ns=3 * SECOND_NS, statistics=after, vitals=vitals)
    assert aggregate_rows(Look(before, now)) == [
        AggregateRow("Account", 8, 2.0, 0.001, 0.002, 0.25, 3, 0),
        AggregateRow("Idle", 0, 0.0, None, None, None, None, 2),
    ]
    assert aggregate_rows(Look(None, now))[1].commands is None
    unsampled = msgspec.structs.replace(SAMPLED, acknowledge=Quantiles())
    vitals = msgspec.structs.replace(VITALS, aggregates=(unsampled,))
    assert aggregate_rows(Look(before, msgspec.structs.replace(now, vitals=vitals)))[0].p99 is None


def test_a_directory_alone() -> None:
    """It has no aggregates to show."""
    assert aggregate_rows(Look(None, Frame(time_ns=1, monotonic_ns=1, store=STORE))) == []
