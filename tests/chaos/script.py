"""A store's whole life as a script, the same each time: written, saved, backed up, compacted, reopened.

Every acknowledgement is written to a file beside the directory, so that a recording of writes shows when it was given.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import actum
from actum import ActumError, Engine, Options
from actum.clock import TimeOrderedIds

from tests.support.bank import Account, AllBalances, Balances, DepositEach, HeldAssessor
from tests.support.clocks import FakeClock

COMMITS = 6
ACCOUNTS = 3
ACKS = "acks"
STORE = "bank"
COPY = "copy"


def opened(store: Path, turn: int) -> Engine:
    """The bank, with time and ids that are the same in each run."""
    options = Options(gc_policy="none", checkpoint_deltas_ratio_max=100.0 if turn % 3 else 0.01, snapshot_events_min=2)
    clock, ids = FakeClock(), TimeOrderedIds(seed=turn)
    return Engine.open(store, Account, Balances, services=[HeldAssessor()], options=options, clock=clock, ids=ids)


def command_of(number: int) -> DepositEach:
    """One to three events that name the command; one in seven is large."""
    return DepositEach(
        account_id=f"a-{number % ACCOUNTS}", amounts=[number] * (60 if number % 7 == 3 else 1 + number % 3)
    )


async def life(directory: Path, turns: int, failures: list[str]) -> None:
    """So many openings of the store, six commits each, the last two in one frame.

    Errors are noted, and after each the bank has to answer a query.
    """
    acks = os.open(acks_of(directory), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    number = 0
    told: set[int] = set()
    for turn in range(turns):
        async with opened(directory / STORE, turn) as bank:

            async def send(bank: Engine, number: int) -> None:
                try:
                    await bank.send(command_of(number), command_id=f"command {number}")
                except ActumError as error:
                    failures.append(f"{number} {type(error).__name__}: {error}")
                    await bank.ask(AllBalances())
                else:
                    os.write(acks, f"{number}\n".encode())
                    told.add(number)

            for _ in range(COMMITS - 2):
                number += 1
                await send(bank, number)
            await bank.checkpoint()
            await asyncio.gather(send(bank, number + 1), send(bank, number + 2))
            if turn:
                await send(bank, 1)  # sent before, in the life before: it has its effect once
            number += 2
            if all("StoreFull" in failure for failure in failures):
                balances = await bank.ask(AllBalances())
                if sum(balances.values()) != sum(sum(command_of(each).amounts) for each in told):
                    failures.append("wrong: the view shows what was not acknowledged, or not what was")
            if turn == 1:
                await bank.backup(directory / COPY)
        if turn == 1:
            actum.compact_store(directory / STORE)
    os.close(acks)


def run(directory: Path, turns: int) -> str:
    """Live; what failed, a line each. An error that ends a life is a line too."""
    logging.disable(logging.CRITICAL)
    failures: list[str] = []
    try:
        asyncio.run(life(directory, turns, failures))
    except (ActumError, OSError) as error:
        failures.append(f"ended {type(error).__name__}: {error}")
    return "\n".join(failures)


def acks_of(directory: Path) -> Path:
    """Where acknowledgements are written: beside the directory, out of reach of what is done to it."""
    return directory.with_name(ACKS)


def acknowledged(directory: Path) -> set[int]:
    """The commands that were acknowledged."""
    acks = acks_of(directory)
    return {int(line) for line in acks.read_text().splitlines()} if acks.exists() else set()


async def stored(store: Path, faults: list[str]) -> dict[int, int]:
    """The commands in the store and how many events each has; the view and the states are compared with the events."""
    commands: dict[int, int] = {}
    async with opened(store, 1) as bank:
        positions: list[int] = []
        for account in range(ACCOUNTS):
            key = f"a-{account}"
            records = await bank.history(Account, key)
            if [record.version for record in records] != list(range(1, len(records) + 1)):
                faults.append(f"the versions of {key} have holes")
            amounts: list[int] = [record.event.amount for record in records]  # type: ignore[attr-defined]
            for amount in amounts:
                commands[amount] = commands.get(amount, 0) + 1
            positions += [record.position for record in records]
            if (await bank.state(Account, key)).balance != sum(amounts):
                faults.append(f"the state of {key} is not what its events say")
            if (await bank.ask(AllBalances())).get(key, 0) != sum(amounts):
                faults.append(f"the view of {key} is not what the events say")
        if sorted(positions) != list(range(1, len(positions) + 1)):
            faults.append("the positions have holes")
        await bank.send(command_of(10_000), command_id="the next")
    return commands


def judged(directory: Path, told: set[int], sent: int) -> str:
    """Open what is there: "", or what was promised and does not hold.

    Args:
        directory: where the store is.
        told: the commands that were acknowledged.
        sent: how many may have been sent: those behind it must not be there.
    """
    logging.disable(logging.CRITICAL)
    faults: list[str] = []
    store, copy = directory / STORE, directory / COPY
    try:
        commands = asyncio.run(stored(store, faults))
        faults += [f"command {number} was acknowledged and is lost" for number in sorted(told - commands.keys())]
        for number, count in commands.items():
            if count != len(command_of(number).amounts):
                faults.append(f"command {number} has {count} events instead of {len(command_of(number).amounts)}")
            if number > sent:
                faults.append(f"command {number} was never sent")
        with actum.open_store(store) as reader:
            faults += [finding.what for finding in reader.verify().findings if finding.level == "error"]
        if copy.exists():
            with actum.open_store(copy) as reader:
                faults += [
                    f"backup: {finding.what}" for finding in reader.verify().findings if finding.level == "error"
                ]
    except ActumError as error:
        faults.append(f"it does not open: {error!r}")
    return "; ".join(faults)
