"""A bank whose data is full of what a terminal or a dashboard would take for commands, in a process of its own."""

from __future__ import annotations

import asyncio

from tests.support.bank import Note, open_bank

#: Sets the title, clears the screen, leaves the other screen, shows the cursor, reorders; markup of two kinds.
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[?1049l\x1b[?25h\N{RIGHT-TO-LEFT OVERRIDE}[@click=app.quit][/bad][red]x"


async def main() -> None:
    """Say it again and again, under different keys, until ended."""
    async with open_bank(monitor=True) as bank:
        number = 0
        while True:
            number += 1
            await bank.send(Note(account_id=f"{HOSTILE}{number}", text=HOSTILE), correlation_id=HOSTILE)
            await asyncio.sleep(0.2)
