"""kill -9 at random moments under load: whatever the moment, nothing acknowledged is lost, nothing is there twice.

A child process opens a real store with full durability and sends commands as fast as it can from many callers, most
of several events, all with ids of their own, while it makes checkpoints, backups and rebuilds; it reports each receipt
on a pipe as soon as it has it. The parent kills it, after a number of receipts or after a time, which may still be
during opening. Then it opens the store itself and compares: the events of every command that was acknowledged are
there with the same version and position; of those that were not, all events or none; no command twice; states and
views are what the events say. What the child was sending when it died is sent again. The next kill follows in the
same store, with other limits.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import actum
from actum import ActumError, Engine

from tests.chaos.mutants import plant
from tests.chaos.row import Outcome, Row, Violation
from tests.support.bank import Account, AllBalances, Balances, DepositEach, open_bank
from tests.support.processes import ENVIRONMENT

CLIENTS = 20
ACCOUNTS = 13
#: Mutants of what happens after the kill: the commands in doubt are sent again by the parent.
IN_THE_PARENT = {"no_dedup"}
#: Kills of one store's life.
LIFE = 20

CHILD = textwrap.dedent(
    """
    import asyncio, itertools, json, os, sys
    import actum
    from tests.chaos.kill import command_of
    from tests.chaos.mutants import plant
    from tests.support.bank import Balances, open_bank

    store, first, uvloop, options = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "True", json.loads(sys.argv[4])
    plant(sys.argv[5])

    async def client(bank, numbers):
        for number in numbers:
            receipt = await bank.send(command_of(number), command_id=f"command-{number}")
            os.write(1, f"{number} {receipt.version} {receipt.position}\\n".encode())

    async def main():
        async with open_bank(store, durability="full", **options) as bank:
            os.write(1, b"open\\n")
            numbers = iter(range(first, first + 1_000_000))
            async with asyncio.TaskGroup() as group:
                for _ in range(CLIENTS):
                    group.create_task(client(bank, numbers))
                for turn in itertools.count():
                    await asyncio.sleep(0.01)
                    await bank.checkpoint()
                    if turn % 7 == 3:
                        await bank.rebuild(Balances)
                    if turn % 7 == 1:
                        await bank.backup(f"{store}-backup-{os.getpid()}-{turn}")

    (actum.run if uvloop else asyncio.run)(main())
    """
).replace("CLIENTS", str(CLIENTS))


class Acknowledged(NamedTuple):
    """What the child reported of one command."""

    number: int
    version: int
    position: int


def command_of(number: int) -> DepositEach:
    """The command with this number: one to four events that name it."""
    return DepositEach(account_id=f"account-{number % ACCOUNTS}", amounts=[number] * (1 + number % 4))


def limits(random: Random) -> dict[str, Any]:
    """Options of one restart: bounds are near in some, far in others."""
    return {
        "actors_max": random.choice([2, 5, 100]),
        "frame_events_max": random.choice([4, 50, 8_192]),
        "frame_bytes_max": random.choice([16_384, 16 << 20]),
        "snapshot_events_min": random.choice([1, 16]),
        "snapshot_events_max": random.choice([3, 50, 1_000]),
        "dedup_commands_max": random.choice([CLIENTS, 64, 1_000]),
        "checkpoint_deltas_ratio_max": random.choice([0.01, 1.0, 100.0]),
        "turn_commands_max": random.choice([1, 16, 1_024]),
        "gate_seconds": 0.005,
        "ballast_bytes": random.choice([0, 100_000]),
    }


def killed(store: Path, first: int, random: Random, mutant: str) -> tuple[list[Acknowledged], str]:
    """Run a child, kill it, and give all that it reported; what it complained of before."""
    arguments = [str(store), str(first), str(random.random() < 0.5), json.dumps(limits(random)), mutant]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    found: list[Acknowledged] = []
    timer = None
    if random.random() < 0.2:
        timer = threading.Timer(random.uniform(0.1, 0.6), child.kill)
        timer.start()
    with child.stdout as reports, child.stderr as complaints:
        opened = reports.readline()
        wanted = random.choice([0, 1, 5, 50, 200, 400])
        while opened and len(found) < wanted and (line := reports.readline()).endswith(b"\n"):
            found.append(acknowledged(line))
        child.send_signal(signal.SIGKILL)
        found += map(acknowledged, whole_lines(reports.read()))
        complained = complaints.read().decode()
    if timer is not None:
        timer.cancel()
    if child.wait() != -signal.SIGKILL:
        complained += f" (exit status {child.returncode})"
    return found, complained


def whole_lines(rest: bytes) -> Iterator[bytes]:
    """The lines that were written whole."""
    yield from (line for line in rest.splitlines(keepends=True) if line.endswith(b"\n"))


def acknowledged(line: bytes) -> Acknowledged:
    """One report."""
    number, version, position = map(int, line.split())
    return Acknowledged(number, version, position)


async def stored(bank: Engine, faults: list[str]) -> dict[int, Acknowledged]:
    """The commands in the log by their number; those that are half, twice, or not dense are faults."""
    commands: dict[int, Acknowledged] = {}
    positions: list[int] = []
    for account in range(ACCOUNTS):
        records = await bank.history(Account, f"account-{account}")
        if [record.version for record in records] != list(range(1, len(records) + 1)):
            faults.append(f"the versions of account-{account} have holes")
        positions += [record.position for record in records]
        index = 0
        while index < len(records):
            number: int = records[index].event.amount  # type: ignore[attr-defined]
            events = records[index : index + 1 + number % 4]
            if [record.event for record in events] != [records[index].event] * (1 + number % 4):
                faults.append(f"command {number} is half")
            if len({record.command_id for record in events}) != 1:
                faults.append(f"command {number} has several ids")
            if number in commands:
                faults.append(f"command {number} is there twice")
            commands[number] = Acknowledged(number, events[-1].version, events[-1].position)
            index += len(events)
    if sorted(positions) != list(range(1, len(positions) + 1)):
        faults.append("the positions have holes")
    return commands


async def check(store: Path, told: dict[int, Acknowledged], faults: list[str]) -> int:
    """Compare the store with what was acknowledged, send again what was in doubt; the number to go on from."""
    async with open_bank(store, durability="relaxed", dedup_commands_max=1_000) as bank:
        there = await stored(bank, faults)
        faults += [
            f"acknowledged and not there, or elsewhere: {one}" for one in told.values() if there.get(one.number) != one
        ]
        totals: dict[str, int] = {}
        for number in there:
            key = f"account-{number % ACCOUNTS}"
            totals[key] = totals.get(key, 0) + number * (1 + number % 4)
        if await bank.ask(AllBalances()) != totals:
            faults.append("the view is not what the events say")
        for key, total in totals.items():
            if (await bank.state(Account, key)).balance != total:
                faults.append(f"the state of {key} is not what its events say")
        last = max(there, default=0)
        again = range(max(1, last - CLIENTS), last + 1)
        for number in again:
            receipt = await bank.send(command_of(number), command_id=f"command-{number}")
            if number in there and (receipt.version, receipt.position) != there[number][1:]:
                faults.append(f"command {number} sent again has another receipt")
        if set(await stored(bank, faults)) != set(there) | set(again):
            faults.append("a command sent again had another effect")
        if not (await bank.verify_view(Balances)).ok:
            faults.append("the view is not what a rebuild gives")
    return last + 1


def check_files(store: Path, faults: list[str]) -> int:
    """Verify every byte of the store and of the backups that have their name; how many those were."""
    with actum.open_store(store) as reader:
        report = reader.verify()
        faults += [finding.what for finding in report.findings if finding.level == "error"]
    whole = 0
    for copy in store.parent.glob(f"{store.name}-backup-*"):
        if not copy.name.endswith(".unfinished"):
            whole += 1
            with actum.open_store(copy) as reader:
                faults += [
                    f"a backup: {finding.what}" for finding in reader.verify().findings if finding.level == "error"
                ]
        shutil.rmtree(copy)
    return whole


def run(first: int, count: int, mutant: str = "") -> Outcome:
    """So many kills of one store; the children's engines may be broken on purpose, for processes of their own."""
    if mutant in IN_THE_PARENT:
        plant(mutant)
    violations: list[Violation] = []
    told: dict[int, Acknowledged] = {}
    backups = opening = number = 0
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory) / "bank"
        going_on = 1
        for number in range(first, first + count):
            faults: list[str] = []
            found, complained = killed(store, going_on, Random(number), mutant)
            opening += not found
            if complained:
                faults.append(f"before it was killed the child said: {complained}")
            faults += [f"command {one.number} was acknowledged twice" for one in found if one.number in told]
            told |= {one.number: one for one in found}
            try:
                going_on = asyncio.run(check(store, told, faults))
                backups += check_files(store, faults)
            except (ActumError, AssertionError) as error:
                faults.append(f"the store does not open: {error!r}")
            violations += [Violation(number, fault) for fault in faults]
            if faults:
                break  # what follows would only say the same again
    return Outcome(
        number - first + 1,
        violations,
        {"acknowledged": len(told), "whole backups": backups, "killed while idle or opening": opening},
    )


ROW = Row(
    name="kill",
    title="kill -9 at random times under load: acknowledged commands lost, doubled, halved; holes; wrong views",
    unit="kills",
    short=60,
    full=1_000,
    part=LIFE,
    run=run,
)
