"""A disk that is really full, again and again: a small file system that another program fills to its last byte.

Each case mounts a file system of a few MiB and lives in it: commands, checkpoints, backups, openings and closings,
while the other program takes all room, some of it, or none. No command may be acknowledged that is not there; queries
are answered all the time; an engine opens and closes on a full disk; when there is room again writing goes on by
itself.

A part of the row runs in a mount namespace of its own (`unshare`), so that no mount outlives it, whoever runs it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

import actum
from actum import ActumError, Engine, StoreFull
from actum_storage import ballast, preflight

from tests.chaos.forked import forked
from tests.chaos.mutants import opened
from tests.chaos.row import Outcome, Row, Violation
from tests.support.bank import Account, Activities, AllBalances, Balances, DepositEach, Note, open_bank
from tests.support.disks import OWN_MOUNTS
from tests.support.processes import ENVIRONMENT

STEPS = 40
ACCOUNTS = 5
#: A directory in which a file system can be mounted, and how large that is.
SIZES = (3, 5, 8, 16)
OTHER = "other"


class Disk:
    """A small file system with a store on it, and the other program.

    Attributes:
        path: where it is mounted.
        told: the balance of each account, as far as commands were acknowledged.
        faults: what did not hold.
        seen: how often what was seen.
    """

    def __init__(self, path: Path, random: Random) -> None:
        """Nothing happened yet."""
        self.path = path
        self.told: dict[str, int] = {}
        self.faults: list[str] = []
        self.seen = {"commands refused": 0, "acknowledged": 0, "closed while full": 0}
        self._random = random
        self._sent = 0

    def take(self) -> None:
        """The other program takes all room, or all but some."""
        left = self._random.choice([0, 0, 0, 4096, 50_000, 300_000])
        with (self.path / OTHER).open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        with (self.path / OTHER).open("r+b") as file, suppress(OSError):
            while file.seek(0, os.SEEK_END) and os.statvfs(self.path).f_bavail:
                file.write(bytes(4096))
                file.flush()
            file.truncate(max(0, file.tell() - left))

    def free(self) -> None:
        """It gives everything back."""
        (self.path / OTHER).unlink(missing_ok=True)

    def open(self) -> Engine:
        """The bank on it."""
        return open_bank(self.path / "bank", durability="full", ballast_bytes=1 << 24, snapshot_events_min=2)

    async def live(self) -> None:
        """So many steps; at the end there is room."""
        bank = await self.open()
        for _ in range(STEPS):
            match self._random.choice(["send"] * 6 + ["take", "take", "free", "checkpoint", "backup", "reopen"]):
                case "send":
                    await asyncio.gather(*[self.send(bank) for _ in range(self._random.choice([1, 1, 8]))])
                case "take":
                    self.take()
                case "free":
                    self.free()
                case "checkpoint":
                    await bank.checkpoint()
                case "backup":
                    await self.back_up(bank)
                case _:
                    await bank.close()
                    self.seen["closed while full"] += os.statvfs(self.path).f_bavail == 0
                    bank = await self.open()
            await self.look(bank)
        self.free()
        self.seen["acknowledged"] += 1
        await bank.send(DepositEach(account_id="a-0", amounts=[1]))
        self.told["a-0"] = self.told.get("a-0", 0) + 1
        await self.look(bank)
        for view in (Balances, Activities):
            if not (await bank.verify_view(view)).ok:
                self.faults.append(f"{view.__name__} is not what the log makes")
        await bank.close()

    async def send(self, bank: Engine) -> None:
        """A command of one to four events, in ten cases with a large one."""
        self._sent += 1
        key = f"a-{self._sent % ACCOUNTS}"
        amounts = [self._sent] * self._random.randint(1, 4)
        try:
            if self._random.random() < 0.1:
                await bank.send(Note(account_id=key, text="x" * self._random.choice([5_000, 200_000])))
            await bank.send(DepositEach(account_id=key, amounts=amounts))
        except StoreFull:
            self.seen["commands refused"] += 1
        else:
            self.seen["acknowledged"] += 1
            self.told[key] = self.told.get(key, 0) + sum(amounts)

    async def back_up(self, bank: Engine) -> None:
        """A backup on the same disk: whole, or not there at all."""
        copy = self.path / "copy"
        try:
            report = await bank.backup(copy)
        except StoreFull:
            if copy.exists() or copy.with_name("copy.unfinished").exists():
                self.faults.append("a backup that failed has left something behind")
        else:
            with actum.open_store(copy) as store:
                if store.head != report.head or not store.verify().ok:
                    self.faults.append("a backup is not whole")
            shutil.rmtree(copy)

    async def look(self, bank: Engine) -> None:
        """A query is answered, and says what was acknowledged."""
        balances = await bank.ask(AllBalances())
        if balances != self.told:
            self.faults.append(f"the bank says {balances}, acknowledged was {self.told}")

    async def judge(self) -> None:
        """Afterwards everything is there, and whole."""
        with actum.open_store(self.path / "bank") as store:
            self.faults += [finding.what for finding in store.verify().findings if finding.level == "error"]
        async with self.open() as bank:
            await self.look(bank)
            for key, balance in self.told.items():
                if (await bank.state(Account, key)).balance != balance:
                    self.faults.append(f"the state of {key} is not what was acknowledged")


def lived(path: Path, number: int) -> str:
    """One case: its faults and what was seen, as JSON."""
    logging.disable(logging.CRITICAL)
    random = Random(number)
    disk = Disk(path, random)
    share = random.choice([0.0, 0.02, 0.1])  # without a reserve LMDB itself meets the full disk
    preflight.RESERVE_SHARE_MAX = share
    opened(ballast).reserve_of = lambda state: int(0.02 * state.f_blocks * state.f_frsize)
    try:
        asyncio.run(disk.live())
        asyncio.run(disk.judge())
    except ActumError as error:
        disk.faults.append(f"raised {error!r}")
    return json.dumps([disk.faults, disk.seen])


def mounted(first: int, count: int) -> Outcome:
    """So many cases; for a mount namespace of its own."""
    violations: list[Violation] = []
    seen: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as directory:
        for number in range(first, first + count):
            size = Random(number).choice(SIZES)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", directory], check=True)
            answer = forked(partial(lived, Path(directory), number), seconds=60)
            subprocess.run(["umount", directory], check=True)
            if not answer.startswith("["):
                violations.append(Violation(number, answer))
                continue
            faults, counted = json.loads(answer)
            violations += [Violation(number, fault) for fault in faults[:3]]
            for name, times in counted.items():
                seen[name] = seen.get(name, 0) + times
    return Outcome(count, violations, seen)


def run(first: int, count: int) -> Outcome:
    """So many cases, in a mount namespace of their own.

    Raises:
        RuntimeError: it can't be run, for example because nothing can be mounted here.
    """
    command = [*OWN_MOUNTS, sys.executable, "-m", "tests.chaos.full", str(first), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if done.returncode:
        raise RuntimeError(f"the row can't be run, perhaps because nothing can be mounted here: {done.stderr}")
    cases, violations, counts = json.loads(done.stdout)
    return Outcome(cases, [Violation(*violation) for violation in violations], counts)


ROW = Row(
    name="full",
    title="a really full small disk, filled and freed by others: false acknowledgements, losses, deaths, no going on",
    unit="disks",
    short=20,
    full=150,
    part=10,
    run=run,
)

if __name__ == "__main__":
    sys.stdout.write(json.dumps(mounted(int(sys.argv[1]), int(sys.argv[2]))))
