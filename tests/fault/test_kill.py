"""kill -9 at a random time under load: every acknowledged command is there after reopening, none twice, none half.

A child process runs an engine with small limits and tells of each acknowledgement through a pipe; the parent kills it,
opens the store itself, and compares what is there with what was told. The next round goes on in the same store with
other limits.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import actum
from actum.records import command_id_bytes

from tests.support.bank import Account, AllBalances, Deposited, open_bank

ROOT = Path(__file__).parents[2]
ROUNDS = 8
ACCOUNTS = 7

#: Each client sends deposits of 1, one after another, and says which were acknowledged.
CHILD = """
import asyncio, itertools, json, sys
sys.path.insert(0, sys.argv[1])
import actum
from actum.records import command_id_bytes
from tests.support.bank import Deposit, open_bank

numbers = itertools.count()

async def client(bank, round_number):
    while True:
        number = next(numbers)
        command = Deposit(account_id=f"account-{number % int(sys.argv[4])}", amount=1)
        receipt = await bank.send(command, command_id=f"{round_number}-{number}")
        print(json.dumps([f"{round_number}-{number}", receipt.key, receipt.version, receipt.position]), flush=True)

async def main():
    async with open_bank(sys.argv[2], durability="full", **json.loads(sys.argv[5])) as bank:
        print("open", flush=True)
        await asyncio.gather(*(client(bank, sys.argv[3]) for _ in range(16)))

actum.run(main())
"""


def test_kill_9_under_load(tmp_path: Path) -> None:
    """Eight times in one store, with random limits and times."""
    dice = random.Random(20)
    acknowledged: dict[str, tuple[str, int, int]] = {}
    for round_number in range(ROUNDS):
        options = {
            "actors_max": dice.choice([2, 100]),
            "frame_events_max": dice.choice([3, 8_192]),
            "snapshot_events_min": dice.choice([1, 16]),
            "snapshot_events_max": dice.choice([5, 1_000]),
            "checkpoint_seconds": 1.0,
            "checkpoint_events_min": 1,
            "checkpoint_deltas_ratio_max": dice.choice([0.01, 10.0]),
        }
        told = run_and_kill(tmp_path / "bank", round_number, options, seconds=dice.uniform(0.1, 1.6))
        for line in told:
            command_id, key, version, position = json.loads(line)
            acknowledged[command_id] = (key, version, position)
        actum.run(expect(tmp_path / "bank", acknowledged))
    assert len(acknowledged) > ROUNDS


def run_and_kill(store: Path, round_number: int, options: dict[str, Any], *, seconds: float) -> list[str]:
    """Let the child work for some seconds, kill it, and give the whole lines that it wrote."""
    arguments = [str(ROOT), str(store), str(round_number), str(ACCOUNTS), json.dumps(options)]
    with subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        time.sleep(seconds)
        child.kill()
        told = child.stdout.read()
    return told[: told.rfind("\n") + 1].splitlines()


async def expect(store: Path, acknowledged: dict[str, tuple[str, int, int]]) -> None:
    """What was acknowledged is there, once, where it was said to be; views and states are those of the log."""
    async with open_bank(store, durability="full") as bank:
        balances = await bank.ask(AllBalances())
        places: dict[tuple[str, int], tuple[str, int]] = {}
        ids: Counter[str] = Counter()
        for number in range(ACCOUNTS):
            key = f"account-{number}"
            history = await bank.history(Account, key)
            assert [record.version for record in history] == list(range(1, len(history) + 1))
            assert balances.get(key, 0) == len(history) == (await bank.state(Account, key)).balance
            assert all(isinstance(record.event, Deposited) and record.event.amount == 1 for record in history)
            ids.update(str(record.command_id) for record in history)
            places.update({(str(record.command_id), record.position): (key, record.version) for record in history})
        assert set(ids.values()) <= {1}
        for command_id, (key, version, position) in acknowledged.items():
            receipt = await bank.outcome(command_id) if position % 50 == 0 else None
            stored = str(UUID(bytes=command_id_bytes(command_id)))
            assert places[stored, position] == (key, version)
            assert receipt is None or (receipt.key, receipt.version, receipt.position) == (key, version, position)
