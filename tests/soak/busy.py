"""An engine that works evenly until it is told to end, or as fast as it can.

python -m tests.soak.busy DIRECTORY RATE
"""

from __future__ import annotations

import asyncio
import sys

import actum

from tests.support.bank import Deposit, open_bank

#: Commands of one call, and accounts that they go to.
BATCH_COMMANDS = 100
ACCOUNTS = 10_000
#: Callers at once when it is to be as fast as it can.
CALLERS = 64


async def evenly(bank: actum.Engine, per_second: int) -> None:
    """So many commands a second."""
    loop = asyncio.get_running_loop()
    due, number = loop.time(), 0
    while True:
        await bank.send_many(
            [Deposit(account_id=f"a{(number + n) % ACCOUNTS}", amount=1) for n in range(BATCH_COMMANDS)]
        )
        number += BATCH_COMMANDS
        due += BATCH_COMMANDS / per_second
        await asyncio.sleep(max(0.0, due - loop.time()))


async def flat_out(bank: actum.Engine, caller: int) -> None:
    """One caller, one command after the other."""
    number = caller
    while True:
        await bank.send(Deposit(account_id=f"a{number % ACCOUNTS}", amount=1))
        number += CALLERS


async def main(directory: str, per_second: int) -> None:
    """Until SIGTERM comes."""
    async with open_bank(directory, monitor=True, durability="full", gate_seconds=0.005) as bank:
        if per_second:
            await evenly(bank, per_second)
        await asyncio.gather(*(flat_out(bank, caller) for caller in range(CALLERS)))


if __name__ == "__main__":
    actum.run(main(sys.argv[1], int(sys.argv[2])))
