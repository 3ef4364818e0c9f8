"""SIGTERM and SIGINT under load: the process ends soon and well, and everything acknowledged is there."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import actum
import pytest

from tests.support.bank import AllBalances, open_bank
from tests.support.processes import ENVIRONMENT

CHILD = textwrap.dedent(
    """
    import asyncio, os, sys
    import actum
    from tests.support.bank import Deposit, open_bank

    async def client(bank, name):
        total = 0
        while True:
            await bank.send(Deposit(account_id=f"a-{name}", amount=1))
            total += 1
            os.write(1, f"{name} {total}\\n".encode())

    async def main():
        asyncio.get_running_loop().slow_callback_duration = 60  # a busy machine is no fault of the engine's
        async with open_bank(sys.argv[1], durability="full") as bank:
            async with asyncio.TaskGroup() as group:
                for name in range(10):
                    group.create_task(client(bank, name))

    actum.run(main())
    """
)
RUNS = 10


async def balances(store: Path) -> dict[str, int]:
    """What is there."""
    async with open_bank(store) as bank:
        return await bank.ask(AllBalances())


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_under_load(number: signal.Signals, tmp_path: Path) -> None:
    """Ten times: it exits within five seconds, says nothing but a traceback of Ctrl-C, and has lost nothing."""
    store = tmp_path / "bank"
    known: dict[str, int] = {}
    for turn in range(RUNS):
        child = subprocess.Popen(
            [sys.executable, "-X", "dev", "-c", CHILD, str(store)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            bufsize=0,
        )
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(1 + 40 * turn)]
        started = time.monotonic()
        child.send_signal(number)
        rest, errors = child.communicate(timeout=30)
        assert time.monotonic() - started < 5
        if number == signal.SIGTERM:
            assert (child.returncode, errors) == (143, b"")
        else:
            assert child.returncode == -signal.SIGINT
            assert errors.rstrip().endswith(b"KeyboardInterrupt")
        told: dict[str, int] = {}
        for line in b"".join([*lines, rest]).splitlines():
            name, _, count = line.decode().partition(" ")
            told[f"a-{name}"] = int(count)
        found = actum.run(balances(store))
        for key, total in told.items():
            before = known.get(key, 0)
            assert before + total <= found[key] <= before + total + 1
        known = found


def test_in_another_thread() -> None:
    """There are no signals there, and it works."""
    code = """
import threading, actum
async def main(): print("well")
threading.Thread(target=lambda: actum.run(main())).start()
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "well\n"
