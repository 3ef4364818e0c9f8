"""The turn: its written-out case and its general one do the same, and leave nothing for the collector."""

from __future__ import annotations

import asyncio
import gc

import pytest
from actum import CommandFailed, Engine, MemoryLog, Record
from actum.clock import TimeOrderedIds

from tests.support.bank import Account, AllBalances, Deposit, DepositEach, HeldAssessor, open_bank
from tests.support.scenes import scene


def told(records: list[Record]) -> list[tuple[object, ...]]:
    """What records say, but for their ids and times."""
    return [(record.event, record.key, record.version, record.previous, record.position) for record in records]


@scene
async def test_both_cases_write_the_same() -> None:
    """One event alone, or one in a list: the same records, receipts and rows."""
    found: list[object] = []
    for several in (False, True):
        async with open_bank() as bank:
            commands = [
                DepositEach(account_id=name, amounts=[amount]) if several else Deposit(account_id=name, amount=amount)
                for amount in (1, 2, 3)
                for name in ("ann", "bob", "eve")
            ]
            receipts = [await bank.send(command) for command in commands[:3]]
            receipts += await asyncio.gather(*(bank.send(command) for command in commands[3:]))
            histories = [told(await bank.history(Account, name)) for name in ("ann", "bob", "eve")]
            kept = [(receipt.key, receipt.version, receipt.position, receipt.events) for receipt in receipts]
            found.append((histories, kept, await bank.ask(AllBalances())))
    assert found[0] == found[1]


@pytest.mark.parametrize("several", [False, True])
@scene
async def test_commands_leave_nothing_for_the_collector(*, several: bool) -> None:
    """What a batch held is gone with it: none of it is in a cycle, which a frozen collector would never find."""
    async with open_bank() as bank:
        command = DepositEach(account_id="ann", amounts=[1]) if several else Deposit(account_id="ann", amount=1)
        await bank.send(command)
        gc.collect()
        gc.disable()
        try:
            for _ in range(50):
                await bank.send(command)
            assert gc.collect() < 50
        finally:
            gc.enable()


class FailingIds(TimeOrderedIds):
    """Ids that run out."""

    def make(self, now_ns: int) -> bytes:
        """None is left."""
        raise LookupError("no id is left")


@pytest.mark.parametrize("several", [False, True])
@scene
async def test_ids_that_fail_answer_the_caller(*, several: bool) -> None:
    """The command fails, nothing is written, and its caller does not wait for ever."""
    async with Engine.open(MemoryLog(), Account, ids=FailingIds(), services=[HeldAssessor()]) as bank:
        command = DepositEach(account_id="ann", amounts=[1]) if several else Deposit(account_id="ann", amount=1)
        with pytest.raises(CommandFailed, match="no id is left"):
            await bank.send(command)
        assert bank.statistics().position == 0
        assert bank.statistics().pending == 0
