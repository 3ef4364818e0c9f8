"""What the rows that damage files have in common: a store with one of everything, and a judge of what it still says."""

from __future__ import annotations

import asyncio
import logging
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import actum
import msgspec
from actum import ActumError, Engine, Options

from tests.support.bank import (
    Account,
    Activities,
    AllActivity,
    AllBalances,
    Balances,
    BranchBalances,
    Deposit,
    DepositEach,
    HeldAssessor,
    Note,
    TopBalances,
    open_bank,
)

ACCOUNTS = [f"{branch}-{number}" for branch in "ab" for number in range(4)]


class Truth(NamedTuple):
    """Everything that a store says, through every door, as text."""

    engine: str
    records: str
    head: str


async def fill(path: Path) -> None:
    """Frames of one and of many events, small and large ones, a base and deltas of checkpoints, a tail behind them."""
    async with open_bank(path, checkpoint_deltas_ratio_max=100.0, snapshot_events_min=4) as bank:
        for turn in range(3):
            for number, account in enumerate(ACCOUNTS):
                await bank.send(
                    Deposit(account_id=account, amount=100 * turn + number + 1), command_id=f"{turn} {number}"
                )
                await bank.send(Note(account_id=account, text="note " * (1 + 40 * (number % 3))))
            await bank.send_many([DepositEach(account_id=account, amounts=[7, 8, 9]) for account in ACCOUNTS])
            if turn < 2:
                await bank.checkpoint()
        assert bank._core is not None
        bank._core.checkpointer = None  # the tail stays behind the last checkpoint


def bank_of(path: Path, *, read_only: bool = False) -> Engine:
    """The bank on a store, as a user opens it."""
    options = Options(gc_policy="none", durability="relaxed", checkpoint_seconds=0)
    components = (Account, Balances, Activities)
    return Engine.open(path, *components, services=[HeldAssessor()], options=options, read_only=read_only)


async def said_by_engine(path: Path, *, read_only: bool) -> str:
    """All answers, states and histories of an engine."""
    answers: list[Any] = []
    async with bank_of(path, read_only=read_only) as bank:
        answers += [await bank.ask(AllBalances()), await bank.ask(AllActivity())]
        answers += [await bank.ask(TopBalances(limit=3)), await bank.ask(BranchBalances(branch="a"))]
        for account in ACCOUNTS:
            answers.append(await bank.state(Account, account))
            answers.append(await bank.state(Account, account, version=2))
            answers.append(await bank.history(Account, account))
        answers.append(await bank.outcome("1 3"))
        if bank._core is not None:
            bank._core.checkpointer = None  # what was damaged is not tidied up before the other doors look
    return in_full(answers)


def in_full(answers: Any) -> str:
    """Answers with everything in them: a `repr` leaves out what may be private."""
    return repr(msgspec.to_builtins(answers))


def said_by_store(path: Path) -> tuple[str, str, bool]:
    """All records, the head, and whether verifying finds an error."""
    with actum.open_store(path) as store:
        verified = store.verify().ok
        try:
            return in_full(list(store.records())), actum.show_head(store.head), verified
        except ActumError:
            if verified:
                raise
            return "", "", verified


def truth_of(path: Path) -> Truth:
    """What a whole store says; it is left as it was."""
    copy = path.with_name("truth")
    shutil.copytree(path, copy)
    engine = asyncio.run(said_by_engine(copy, read_only=False))
    shutil.rmtree(copy)
    records, head, verified = said_by_store(path)
    assert verified
    return Truth(engine, records, head)


def judged(path: Path, truth: Truth) -> str:
    """Look at a damaged store through every door: "", or what was wrong; refusals with a sentence are right.

    Begins with "found" if damage was seen, so that cases can be counted.
    """
    logging.disable(logging.CRITICAL)
    seen: list[str] = []
    wrong: list[str] = []
    try:
        records, head, verified = said_by_store(path)
        if not verified:
            seen.append("verify")
        elif records != truth.records or head != truth.head:
            wrong.append("open_store gave wrong records, and verify found nothing")
    except ActumError as error:
        seen.append(f"store: {error}")
    for read_only in (True, False):
        try:
            if asyncio.run(said_by_engine(path, read_only=read_only)) != truth.engine:
                wrong.append(f"an engine gave a wrong answer (read_only={read_only})")
        except ActumError as error:
            if str(path) not in str(error):
                wrong.append(f"the error names no file: {error!r}")
            if not seen:
                wrong.append(f"an engine refused it, but verify found nothing: {error!r}")
            seen.append(f"engine: {error}")
    if wrong:
        return "wrong: " + "; ".join(wrong)
    return "found" if seen else "unseen"
