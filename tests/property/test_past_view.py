"""A view as of a position is what a fresh fold up to there makes, for every position of any history."""

from __future__ import annotations

from typing import Any

import actum
from actum import Receipt
from actum.past_view import PastView
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bank import Balances, Deposit, DepositEach, open_bank
from tests.support.bank_model import ACCOUNTS, COMMANDS, Model

BATCHES = st.lists(
    COMMANDS
    | st.lists(st.builds(DepositEach, account_id=ACCOUNTS, amounts=st.lists(st.integers(1, 3), max_size=4)), max_size=2)
    | st.lists(st.builds(Deposit, account_id=ACCOUNTS, amount=st.integers(1, 3)), min_size=1, max_size=4).map(tuple),
    max_size=6,
)


@settings(max_examples=60)
@given(
    batches=BATCHES,
    slice_events=st.integers(1, 4),
    frame_events=st.integers(4, 8),
    moves=st.lists(st.integers(0, 30), max_size=8),
)
def test_every_position(batches: list[Any], slice_events: int, frame_events: int, moves: list[int]) -> None:
    """Asked for one by one, and by moving to and fro; tuples are sent as one."""

    async def play() -> None:
        async with open_bank(replay_slice_events=slice_events, frame_events_max=frame_events) as bank:
            model = Model()
            for batch in batches:
                sent = await (bank.send_atomic(batch) if isinstance(batch, tuple) else bank.send_many(batch))
                written = [each for each in sent if isinstance(each, Receipt) and each.events]
                model.add(sorted(written, key=lambda receipt: receipt.position))
            core = bank._core
            assert core is not None
            past = PastView(core, "Balances")
            for position in [*range(len(model.at)), *(move % len(model.at) for move in moves)]:
                await past.move(position)
                rows = past.view.table.rows.values()
                assert {row.account_id: row.balance for row in rows} == model.at[position]
                ordered = [row.balance for row in past.view.table.order_by("balance")]
                assert ordered == sorted(model.at[position].values())
                assert past.view.position == position
                assert list(rows) == await bank.rows_at(Balances, position=position), "in the same order too"
            past.release()

    actum.run(play())
