"""An engine that is killed while its subscription works: what was acknowledged is seen, in order, at least once."""

from __future__ import annotations

import random
import sqlite3
from itertools import pairwise
from pathlib import Path

from tests.support.processes import Conversation, run_python

#: An engine with a subscription that writes each position that it sees to a file, and another one that keeps its
#: bookmark in the database that it fills.
PROGRAM = """
    import asyncio, os, sqlite3, sys
    from contextlib import asynccontextmanager
    import actum
    from actum import Bookmark, Record, Subscription, handle
    from tests.support.bank import Deposit, Deposited, Note, open_bank

    class Writer(Subscription, name="writer", batch_max=3):
        @handle
        def deposited(self, event: Deposited, record: Record) -> None:
            os.write(seen, b"%d\\n" % record.position)

    class Ledger(Subscription, name="ledger", batch_max=4):
        async def open(self, services):
            self.database = sqlite3.connect(sys.argv[3], isolation_level=None)
            self.database.execute("CREATE TABLE IF NOT EXISTS seen (position INTEGER)")
            self.database.execute("CREATE TABLE IF NOT EXISTS bookmark (id INTEGER PRIMARY KEY, s, p, h)")

        async def close(self):
            self.database.close()

        @asynccontextmanager
        async def batch(self):
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.database.execute("COMMIT")
            except BaseException:
                self.database.execute("ROLLBACK")
                raise

        async def load_bookmark(self):
            row = self.database.execute("SELECT s, p, h FROM bookmark").fetchone()
            return row and Bookmark(*row)

        async def save_bookmark(self, bookmark):
            self.database.execute("INSERT OR REPLACE INTO bookmark VALUES (1, ?, ?, ?)", bookmark)

        @handle
        async def deposited(self, event: Deposited, record: Record) -> None:
            self.database.execute("INSERT INTO seen VALUES (?)", (record.position,))

    async def main():
        async with open_bank(sys.argv[1], Writer, Ledger, durability="full") as engine:
            if len(sys.argv) > 4:
                await engine.subscription(Writer).caught_up()
                await engine.subscription(Ledger).caught_up()
                print(engine.statistics().position)
                return
            print("open", flush=True)
            while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
                await engine.send_many([Deposit(account_id=f"a{n % 5}", amount=1) for n in range(int(line))])
                receipt = await engine.send(Note(account_id="a", text="not wanted"))
                print(receipt.position, flush=True)

    seen = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    actum.run(main())
"""


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """The file has every deposit, in order, a batch again at most after each death; the database has each once."""
    chance = random.Random(11)
    given = (tmp_path / "store", tmp_path / "seen", tmp_path / "ledger.db")
    deaths, position, wanted = 0, 0, list[int]()
    for _ in range(4):
        with Conversation(PROGRAM, *given) as engine:
            assert engine.first_line == "open"
            for _ in range(chance.randrange(1, 5)):
                count = chance.choice((1, 2, 50, 300))
                last = int(engine.ask(str(count)))
                wanted += range(position + 1, last)
                position = last
            engine.kill()
        deaths += 1
    assert run_python(PROGRAM, *given, "end") == str(position)
    found = [int(line) for line in given[1].read_text().splitlines()]
    assert list(dict.fromkeys(found)) == wanted
    index = {each: number for number, each in enumerate(wanted)}
    steps = [index[after] - index[before] for before, after in pairwise(found)]
    assert all(step == 1 or -3 < step <= 0 for step in steps)
    assert len([step for step in steps if step != 1]) <= deaths
    database = sqlite3.connect(given[2])
    assert [each for (each,) in database.execute("SELECT position FROM seen ORDER BY rowid")] == wanted
    database.close()
