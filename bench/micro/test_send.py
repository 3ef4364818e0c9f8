"""Commands: to an actor that is awake, to one that sleeps, through the mailbox alone, and the same one twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

import pytest
from actum import Engine, MemoryLog, Options
from actum_bench.bank import Deposit, key_of

if TYPE_CHECKING:
    from micro.conftest import AsyncBench, Opened

DURABILITIES = pytest.mark.parametrize("durability", ["full", "relaxed"])
#: Commands in a round; a full one takes an fsync.
COMMANDS = {"full": 20, "relaxed": 200}
#: More accounts than actors that may be awake, so that each is asleep again when its turn comes.
ACCOUNTS = 256
AWAKE_MAX = 1


@DURABILITIES
def test_hot(durability: Literal["full", "relaxed"], tmp_path: Path, opened: Opened, abench: AsyncBench) -> None:
    """Send a command to an aggregate that is awake."""
    engine = opened(tmp_path / "store", Options(durability=durability))
    command = Deposit(account_id=key_of(1), amount=5)
    abench(lambda: engine.send(command), n=COMMANDS[durability], durability=durability)


@DURABILITIES
def test_cold(
    durability: Literal["full", "relaxed"],
    tmp_path: Path,
    opened: Opened,
    runner: asyncio.Runner,
    abench: AsyncBench,
) -> None:
    """Send a command to an aggregate that sleeps, with a few events."""
    engine = opened(tmp_path / "store", Options(durability=durability, actors_max=AWAKE_MAX))
    commands = [Deposit(account_id=key_of(number), amount=5) for number in range(ACCOUNTS)]
    runner.run(all_of(engine, commands))
    woken, steps = engine.statistics().activations, 0

    def send() -> Awaitable[object]:
        nonlocal steps
        steps += 1
        return engine.send(commands[steps % ACCOUNTS])

    abench(send, n=COMMANDS[durability], durability=durability)
    assert engine.statistics().activations - woken == steps, "an actor was still awake: that is not cold"


async def all_of(engine: Engine, commands: list[Deposit]) -> None:
    """Send each command."""
    for command in commands:
        await engine.send(command)


def test_mailbox(opened: Opened, abench: AsyncBench) -> None:
    """Send a command through the mailbox, on a log in memory."""
    engine = opened(MemoryLog())
    command = Deposit(account_id=key_of(1), amount=5)
    abench(lambda: engine.send(command), durability="memory")


def test_dedup(opened: Opened, runner: asyncio.Runner, abench: AsyncBench) -> None:
    """Answer a command that was sent before."""
    engine, command_id = opened(MemoryLog()), uuid4()
    command = Deposit(account_id=key_of(1), amount=5)
    runner.run(first_of(engine, command, command_id))
    abench(lambda: engine.send(command, command_id=command_id), durability="memory")
    assert engine.statistics().position == 1


async def first_of(engine: Engine, command: Deposit, command_id: object) -> None:
    """Send it for the first time."""
    await engine.send(command, command_id=str(command_id))
