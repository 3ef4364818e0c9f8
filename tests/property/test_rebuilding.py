"""A view rebuilt beside the served one is the served one, and is what the log says, at any interleaving.

Commands and checkpoints come between any two slices of a rebuild, and of the one that follows a change of the code.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import actum
import pytest
from actum import Engine, rebuilding
from actum.views import index
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bank import AllBalances, Balance, Balances, BranchBalances, TopBalances, open_bank
from tests.support.bank_model import COMMANDS, Model
from tests.support.scenes import until

#: So many turns of the loop, then commands; none: a checkpoint.
INTERRUPTIONS = st.lists(st.tuples(st.integers(0, 7), COMMANDS | st.none()), max_size=12)


@pytest.fixture(autouse=True)
def small_slices() -> Iterator[None]:
    """A few rows are many slices."""
    with patch.object(index, "SLICE_ROWS", 2), patch.object(rebuilding, "COMPARED_KEYS", 2):
        yield


async def interrupted(bank: Engine, model: Model, interruptions: list[tuple[int, Any]]) -> None:
    """What comes between the slices."""
    for turns, commands in interruptions:
        for _ in range(turns):
            await asyncio.sleep(0)
        if commands is None:
            await bank.checkpoint()
        else:
            model.add(await bank.send_many(commands))
        assert await bank.ask(AllBalances()) == model.at[-1]


async def expect_right(bank: Engine, model: Model) -> None:
    """Rows and indexes are what the log says."""
    balances = model.at[-1]
    assert await bank.ask(AllBalances()) == balances
    ordered = sorted(balances, key=lambda account: (balances[account], account), reverse=True)
    assert [row.account_id for row in await bank.ask(TopBalances(limit=100))] == ordered
    for account in ordered:
        assert [row.account_id for row in await bank.ask(BranchBalances(branch=account))] == [account]
    differences = await bank.verify_view(Balances)
    assert differences.ok
    assert differences.position == len(model.at) - 1


@settings(max_examples=60)
@given(
    before=st.lists(COMMANDS, max_size=4),
    during=INTERRUPTIONS,
    after=INTERRUPTIONS,
    slice_events=st.integers(1, 4),
    compare=st.booleans(),
)
def test_any_interleaving(
    before: list[list[Any]], during: list[Any], after: list[Any], slice_events: int, *, compare: bool
) -> None:
    """Beside, live, and from scratch are the same."""

    async def play(path: Path) -> None:
        async with open_bank(path, replay_slice_events=slice_events) as bank:
            model = Model()
            for commands in before:
                model.add(await bank.send_many(commands))
            rebuild = asyncio.create_task(bank.rebuild(Balances, compare=compare))
            await interrupted(bank, model, during)
            differences = await rebuild
            assert differences is None or differences.ok
            await expect_right(bank, model)
            await interrupted(bank, model, after)
            await expect_right(bank, model)
        async with open_bank(path) as bank:
            await expect_right(bank, model)

    with tempfile.TemporaryDirectory() as folder:
        actum.run(play(Path(folder) / "bank"))


@settings(max_examples=60)
@given(st.lists(COMMANDS, min_size=1, max_size=4), INTERRUPTIONS, st.lists(COMMANDS, max_size=2), st.integers(1, 4))
def test_other_code(before: list[list[Any]], during: list[Any], tail: list[list[Any]], slice_events: int) -> None:
    """A view that begins with the rows of other code ends with its own, whatever came, and so does the next opening."""

    async def play(path: Path) -> None:
        model = Model()
        async with open_bank(path) as bank:
            for commands in before:
                model.add(await bank.send_many(commands))
            await bank.checkpoint()
            for commands in tail:
                model.add(await bank.send_many(commands))
        with patch.object(Balances, "_move", other_move):
            for _ in range(2):
                async with open_bank(path, rebuild="beside", replay_slice_events=slice_events) as bank:
                    await interrupted(bank, model, during)
                    await until(lambda: all(view.state == "live" for view in bank.statistics().views))
                    await expect_right(bank, model)

    with tempfile.TemporaryDirectory() as folder:
        actum.run(play(Path(folder) / "bank"))


def other_move(self: Balances, account_id: str, amount: int) -> None:
    """As `Balances._move` does, written in another way: other code that makes the same rows."""
    there = self.get(account_id) or Balance(account_id=account_id, branch=account_id.split("-", maxsplit=1)[0])
    moved = there.replace(balance=there.balance + amount)
    if moved.balance:
        self.put(moved)
        return
    self.remove(account_id)
