"""kill -9: whatever moment it strikes, every acknowledged command is there after reopening, none twice, none half.

A child process opens a real store with full durability and sends commands as fast as it can from many callers, most
of several events, all with ids of their own, while it makes checkpoints; it reports each receipt on a pipe as soon as
it has it. The parent kills it after a number of receipts (not after a time, so that every round has some), opens the
store itself, and compares: the events of every command that was acknowledged are there with the same version and
position; of those that were not, either all events or none; no command twice. What the child was sending when it died
is sent again. The next round goes on in the same store, with other limits.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import actum
import pytest
from actum import Engine, open_store

from tests.support.bank import Account, AllBalances, DepositEach, open_bank
from tests.support.processes import ENVIRONMENT

KILLS = 10
CLIENTS = 20

CHILD = textwrap.dedent(
    """
    import asyncio, json, os, sys
    import actum
    from tests.support.bank import DepositEach, open_bank

    store, first, options = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])

    async def client(bank, numbers):
        for number in numbers:
            command = DepositEach(account_id=f"account-{number % 13}", amounts=[number] * (1 + number % 4))
            receipt = await bank.send(command, command_id=f"command-{number}")
            os.write(1, f"{number} {receipt.version} {receipt.position}\\n".encode())

    async def main():
        async with open_bank(store, durability="full", **options) as bank:
            os.write(1, b"open\\n")
            numbers = iter(range(first, first + 1_000_000))
            clients = [asyncio.create_task(client(bank, numbers)) for _ in range(CLIENTS)]
            while True:
                await asyncio.sleep(0.01)
                await bank.checkpoint()

    actum.run(main())
    """
).replace("CLIENTS", str(CLIENTS))


class Acknowledged(NamedTuple):
    """What the child reported of one command."""

    number: int
    version: int
    position: int


def limits(random: Random) -> dict[str, Any]:
    """Options of one round: bounds are near in some, far in others."""
    return {
        "actors_max": random.choice([2, 5, 100]),
        "frame_events_max": random.choice([4, 50, 8_192]),
        "snapshot_events_min": random.choice([1, 16]),
        "snapshot_events_max": random.choice([3, 50, 1_000]),
        "checkpoint_deltas_ratio_max": random.choice([0.01, 1.0, 100.0]),
        "gate_seconds": 0.005,
    }


def killed_after(store: Path, first: int, count: int, options: dict[str, Any]) -> list[Acknowledged]:
    """Run a child until it has reported so many receipts, kill it, and give all that it reported."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store), str(first), json.dumps(options)],
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert child.stdout is not None
    with child.stdout as reports:
        assert reports.readline() == b"open\n", "the child could not open the store"
        found = [acknowledged(reports.readline()) for _ in range(count)]
        child.send_signal(signal.SIGKILL)
        found += map(acknowledged, whole_lines(reports.read()))
    assert child.wait() == -signal.SIGKILL
    return found


def whole_lines(rest: bytes) -> Iterator[bytes]:
    """The lines that were written whole."""
    yield from (line for line in rest.splitlines(keepends=True) if line.endswith(b"\n"))


def acknowledged(line: bytes) -> Acknowledged:
    """One report."""
    number, version, position = map(int, line.split())
    return Acknowledged(number, version, position)


async def stored(bank: Engine) -> dict[int, Acknowledged]:
    """The commands in the log by their number, each checked to be whole, dense and there once."""
    commands: dict[int, Acknowledged] = {}
    positions: list[int] = []
    for account in range(13):
        records = await bank.history(Account, f"account-{account}")
        assert [record.version for record in records] == list(range(1, len(records) + 1))
        positions += [record.position for record in records]
        index = 0
        while index < len(records):
            number = records[index].event.amount  # type: ignore[attr-defined]
            events = records[index : index + 1 + number % 4]
            assert len(events) == 1 + number % 4, f"command {number} is half"
            assert {record.event.amount for record in events} == {number}, f"command {number} is half"  # type: ignore[attr-defined]
            assert len({record.command_id for record in events}) == 1
            assert number not in commands, f"command {number} is there twice"
            commands[number] = Acknowledged(number, events[-1].version, events[-1].position)
            index += len(events)
    assert sorted(positions) == list(range(1, len(positions) + 1))
    return commands


async def balances_of(bank: Engine) -> dict[str, int]:
    """What the view says."""
    return await bank.ask(AllBalances())


@pytest.mark.timeout(120)
def test_acknowledged_commands_survive_kill_9(tmp_path: Path) -> None:
    """Ten kills at different moments of one store's life, each checked, and the last state verified byte by byte."""
    store = tmp_path / "bank"
    random = Random(7)
    told: dict[int, Acknowledged] = {}
    first = 1

    async def check() -> int:
        """Compare; send again what was in doubt; the number to go on from."""
        async with open_bank(store, durability="relaxed") as bank:
            there = await stored(bank)
            lost = [one for one in told.values() if there.get(one.number) != one]
            assert not lost, f"acknowledged and not there, or elsewhere: {lost[:3]}"
            totals: dict[str, int] = {}
            for number in sorted(there):
                key = f"account-{number % 13}"
                totals[key] = totals.get(key, 0) + number * (1 + number % 4)
            assert await balances_of(bank) == totals
            last = max(there, default=0)
            for number in range(max(1, last - CLIENTS), last + 1):
                again = DepositEach(account_id=f"account-{number % 13}", amounts=[number] * (1 + number % 4))
                receipt = await bank.send(again, command_id=f"command-{number}")
                if number in there:
                    assert (receipt.version, receipt.position) == there[number][1:]
            assert set(await stored(bank)) == set(there) | set(range(max(1, last - CLIENTS), last + 1))
            return last + 1

    for _ in range(KILLS):
        for one in killed_after(store, first, random.randint(1, 400), limits(random)):
            assert one.number not in told, "a command was acknowledged twice"
            told[one.number] = one
        first = actum.run(check())
    with open_store(store) as reader:
        assert reader.verify().records == reader.head.position
