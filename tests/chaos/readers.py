"""kill -9 while subscriptions and SQL read models work, in the engine and beside it: nothing skipped, nothing twice.

An engine's process has a subscription that writes what it sees to a file, and one that keeps its bookmark in the
database that it fills; a second process follows the store into a SQL table. Both are killed, again and again, on one
store. At last all of it catches up: the file has every event in order, a batch again at most after each death; the
database has each once; the table is what the view says.
"""

from __future__ import annotations

import sqlite3
import tempfile
from itertools import pairwise
from pathlib import Path
from random import Random

import actum
from actum import ActumError
from actum.sql.ledger import TABLES

from tests.chaos.row import Outcome, Row, Violation
from tests.support.bank import AllBalances, open_bank
from tests.support.processes import Conversation, run_python
from tests.support.sql_models import METADATA, AccountTable, balances, database_at, movements

#: Kills of one store's life.
LIFE = 4

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


#: Follows the store into a table until it is killed.
FOLLOWER = """
    import sys
    import actum
    from tests.support.sql_models import AccountTable, database_at

    async def main():
        async with database_at(sys.argv[2]) as database:
            options = actum.Options(poll_seconds=0.001)
            async with actum.follow(sys.argv[1], AccountTable, services=[database], options=options) as follower:
                print("following", flush=True)
                await follower.run()

    actum.run(main())
"""


async def make_tables(url: str, store: Path) -> None:
    """Have store and tables there before a process is killed that has perhaps not made them yet."""
    async with open_bank(store), database_at(url) as database, database.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.run_sync(TABLES.create_all)


async def check_table(url: str, store: Path, count: int) -> None:
    """The table, when it has caught up, is what the view says, and each event was applied once."""
    async with database_at(url) as database, open_bank(store, AccountTable, services=[database]) as engine:
        await engine.subscription(AccountTable).caught_up()
        assert await balances(database) == await engine.ask(AllBalances()), "the table is not the view"
        assert await movements(database) == count, "the table has applied an event twice, or not at all"


def check_readers(seen: Path, ledger: Path, wanted: list[int], deaths: int) -> None:
    """The file and the database have seen what they want."""
    found = [int(line) for line in seen.read_text().splitlines()]
    assert list(dict.fromkeys(found)) == wanted, "the subscription skipped something, or went back"
    index = {each: number for number, each in enumerate(wanted)}
    steps = [index[after] - index[before] for before, after in pairwise(found)]
    assert all(step == 1 or -3 < step <= 0 for step in steps), "more than a batch came again"
    assert len([step for step in steps if step != 1]) <= deaths, "something came again without a death"
    database = sqlite3.connect(ledger)
    rows = [each for (each,) in database.execute("SELECT position FROM seen ORDER BY rowid")]
    database.close()
    assert rows == wanted, "the database has something twice, or not at all"


def kill_both(given: tuple[Path, Path, Path], url: str, chance: Random, position: int, wanted: list[int]) -> int:
    """Let both processes work for a while, then kill them; the position that was reached."""
    with Conversation(PROGRAM, *given) as engine, Conversation(FOLLOWER, given[0], url) as follower:
        assert (engine.first_line, follower.first_line) == ("open", "following")
        first = chance.randrange(4)
        for turn in range(chance.randrange(1, 5)):
            last = int(engine.ask(str(chance.choice((1, 2, 50, 300)))))
            wanted += range(position + 1, last)
            position = last
            if turn == first:
                follower.kill()
        engine.kill()
    return position


def run(first: int, count: int) -> Outcome:
    """So many kills of one store's processes. For processes of their own."""
    violations: list[Violation] = []
    wanted: list[int] = []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        given, url = (path / "store", path / "seen", path / "ledger.db"), f"sqlite+aiosqlite:///{path / 'read.db'}"
        try:
            actum.run(make_tables(url, given[0]))
            position = 0
            for number in range(first, first + count):
                position = kill_both(given, url, Random(number), position, wanted)
            assert run_python(PROGRAM, *given, "end") == str(position), "acknowledged events are lost"
            check_readers(given[1], given[2], wanted, count)
            actum.run(check_table(url, given[0], len(wanted)))
        except (ActumError, AssertionError) as error:
            violations.append(Violation(first, f"kills {first} to {first + count - 1} of one store: {error!r}"))
    return Outcome(count, violations, {"events seen": len(wanted)})


ROW = Row(
    name="readers",
    title="kill -9 of subscriptions and of a SQL read model in a second process: events skipped, twice, out of order",
    unit="kills",
    short=LIFE,
    full=120,
    part=LIFE,
    run=run,
)
