"""`python -m tests.golden.make DIRECTORY`: makes a store of today's format, to be kept when the format is released.

A store that was kept is never made again: it stands for those that users have.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import actum
import msgspec
from actum import Engine, Options
from actum.clock import TimeOrderedIds

from tests.support.bank import (
    Account,
    Activities,
    AllActivity,
    AllBalances,
    Balances,
    Deposit,
    DepositEach,
    HeldAssessor,
    Note,
    Withdraw,
)
from tests.support.clocks import FakeClock

ACCOUNTS = ("a-1", "a-2", "b-1")


def opened(path: Path, *, read_only: bool = False) -> Engine:
    """The bank, the same each time."""
    return Engine.open(
        path,
        Account,
        Balances,
        Activities,
        services=[HeldAssessor()],
        options=Options(gc_policy="none", checkpoint_deltas_ratio_max=100.0, snapshot_events_min=1),
        clock=FakeClock(),
        ids=TimeOrderedIds(seed=1),
        read_only=read_only,
    )


async def make(path: Path) -> None:
    """Every kind of event, ids of all kinds, a base and a delta of checkpoints, a tail behind them."""
    for turn in range(2):
        async with opened(path) as bank:
            for number, account in enumerate(ACCOUNTS):
                await bank.send(
                    Deposit(account_id=account, amount=100 * (turn + 1) + number),
                    command_id=f"{turn} {account}",
                    user_id="ünï",
                    correlation_id="c",
                    causation_id="d",
                )
            await bank.send(DepositEach(account_id="a-1", amounts=[1, 2, 3]))
            await bank.send(Withdraw(account_id="a-2", amount=101))
            await bank.send(Note(account_id="b-1", text="a note \N{SNOWMAN} " * 40))
            if not turn:
                await bank.checkpoint()


#: What a record has had since the first release; a field that came later is no part of what these stores said.
FIELDS = (
    *("event", "aggregate", "key", "version", "previous", "timestamp_ns", "command_id_bytes"),
    *("correlation_id", "causation_id", "user_id", "position"),
)


async def said(path: Path) -> dict[str, Any]:
    """What a store says through an engine and without one."""
    async with opened(path, read_only=True) as bank:
        balances = await bank.ask(AllBalances())
        activity = await bank.ask(AllActivity())
        states = {account: await bank.state(Account, account) for account in ACCOUNTS}
        receipt = await bank.outcome("1 a-2")
    with actum.open_store(path) as store:
        answers = msgspec.json.encode(
            {
                "head": actum.show_head(store.head),
                "balances": balances,
                "activity": activity,
                "states": states,
                "receipt": receipt,
                "records": [[getattr(record, field) for field in FIELDS] for record in store.records()],
            }
        )
        plain: dict[str, Any] = json.loads(answers)
        return plain


if __name__ == "__main__":
    target = Path(sys.argv[1])
    asyncio.run(make(target / "store"))
    (target / "store" / "log" / "lock.mdb").unlink()
    (target / "store" / "writer.lock").unlink()
    asyncio.run(make(target / "copy"))
    content = asyncio.run(said(target / "copy"))
    (target / "expected.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
