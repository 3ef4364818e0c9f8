"""kill -9 while money is transferred: of each `send_atomic` both sides are there after reopening, or neither, and once.

A child transfers between a few accounts from several callers at once, crossing each other, each transfer with an id of
its own, and reports each receipt. It dies at a failpoint of the log or of a checkpoint, or is killed from outside. Then
the store is opened here: what was acknowledged is there, at the positions that were told; nothing is half; no money was
made or lost; and every transfer that is sent again, acknowledged or in doubt, has its effect once.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

import actum
from actum import ActumError, Engine, Record

from tests.chaos.row import Outcome, Row, Violation
from tests.support.bank import Account, AllBalances, Balances, Deposit, DepositEach, Withdraw, open_bank
from tests.support.processes import ENVIRONMENT, SECONDS_MAX

ACCOUNTS = [f"account-{number}" for number in range(4)]
START = 1_000_000
CLIENTS = 6

#: Transfers until it dies; prints what was acknowledged.
CHILD = textwrap.dedent(
    """
    import asyncio, itertools, sys
    import actum
    from actum_storage import failpoints
    from tests.chaos.transfers import CLIENTS, begin, transfer
    from tests.support.bank import open_bank

    store, name, nth = sys.argv[1:]

    async def client(bank, numbers):
        for number in numbers:
            receipts = await bank.send_atomic(transfer(number), command_id=f"transfer-{number}")
            print(number, *(receipt.position for receipt in receipts), flush=True)

    async def main():
        async with open_bank(store, durability="full", frame_events_max=32, snapshot_events_max=5) as bank:
            await begin(bank)
            if name != "none":
                failpoints.plant(name, failpoints.kill, nth=int(nth))
            numbers = itertools.count()
            async with asyncio.TaskGroup() as group:
                for _ in range(CLIENTS):
                    group.create_task(client(bank, numbers))
                while True:
                    await asyncio.sleep(0.005)
                    await bank.checkpoint()

    actum.run(main())
    """
)


def transfer(number: int) -> list[actum.Command]:
    """What transfer with this number does: one source, two payments to one account, one to another."""
    random = Random(number)
    source, first, second = random.sample(ACCOUNTS, 3)
    return [
        DepositEach(account_id=first, amounts=[1, 2]),
        Withdraw(account_id=source, amount=7),
        Deposit(account_id=second, amount=3),
        Deposit(account_id=first, amount=1),
    ]


async def begin(bank: Engine) -> None:
    """Give each account what it starts with."""
    for account in ACCOUNTS:
        await bank.send(Deposit(account_id=account, amount=START), command_id=f"start {account}")


async def check(store: Path, told: dict[int, list[int]]) -> None:
    """Everything that was promised."""
    async with open_bank(store, dedup_commands_max=10_000) as bank:
        families: defaultdict[bytes, list[Record]] = defaultdict(list)
        totals: Counter[str] = Counter()
        for account in ACCOUNTS:
            for record in await bank.history(Account, account):
                sign = 1 if type(record.event).__name__ == "Deposited" else -1
                totals[account] += sign * record.event.amount  # type: ignore[attr-defined]
                families[record.command_id_bytes[:14]].append(record)
        transfers = sorted(
            sorted(record.position for record in records) for records in families.values() if len(records) > 1
        )
        assert all(positions == list(range(positions[0], positions[0] + 5)) for positions in transfers), "half"
        assert len(transfers) + len(ACCOUNTS) == len(families)
        assert sum(totals.values()) == START * len(ACCOUNTS), "money was made or lost"
        assert await bank.ask(AllBalances()) == totals
        assert {positions[0] + 1 for positions in transfers} >= {positions[0] for positions in told.values()}
        assert len(told) <= len(transfers) <= len(told) + CLIENTS
        last = max(told, default=-1)
        for number in range(last + CLIENTS + 1):
            receipts = await bank.send_atomic(transfer(number), command_id=f"transfer-{number}")
            if number in told:
                assert [receipt.position for receipt in receipts] == told[number]
        head = bank.statistics().position
        for number in range(last + CLIENTS + 1):
            await bank.send_atomic(transfer(number), command_id=f"transfer-{number}")
        assert bank.statistics().position == head == len(ACCOUNTS) + 5 * (last + CLIENTS + 1)
        assert (await bank.verify_view(Balances)).ok


def told_by(output: str) -> dict[int, list[int]]:
    """What a child has reported; a line that was cut off is not whole."""
    lines = [line.split() for line in output.splitlines(keepends=True) if line.endswith("\n")]
    return {int(number): [int(position) for position in positions] for number, *positions in lines}


def killed(store: Path, count: int) -> dict[int, list[int]]:
    """Kill a child after so many receipts; all that it reported."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store), "none", "0"], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert child.stdout is not None
    with child.stdout as reports:
        lines = [reports.readline() for _ in range(count + 1)]
        child.send_signal(signal.SIGKILL)
        lines += reports.readlines()
    assert child.wait(SECONDS_MAX) == -signal.SIGKILL
    return told_by("".join(lines))


def run(first: int, count: int) -> Outcome:
    """So many stores, each killed once. For processes of their own."""
    violations: list[Violation] = []
    acknowledged = 0
    for number in range(first, first + count):
        with tempfile.TemporaryDirectory() as directory:
            store = Path(directory) / "bank"
            try:
                told = killed(store, Random(number).choice([0, 1, 5, 20, 60, 150]))
                acknowledged += len(told)
                actum.run(check(store, told))
            except (ActumError, AssertionError) as error:
                violations.append(Violation(number, repr(error)))
    return Outcome(count, violations, {"transfers acknowledged": acknowledged})


ROW = Row(
    name="transfers",
    title="kill -9 during send_atomic: transfers lost, half, doubled, apart; money made or lost",
    unit="kills",
    short=6,
    full=200,
    part=10,
    run=run,
)
