"""SQL read models when processes and databases die: killed at any moment, two at once, a server that goes away."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from actum import Alert, Engine, Options
from actum.sql import rebuild
from actum.sql.ledger import DEAD_LETTERS, TABLES
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.support.bank import Account, AllBalances, Balances, Deposit, HeldAssessor, open_bank
from tests.support.postgres import private_postgres
from tests.support.processes import ENVIRONMENT
from tests.support.scenes import scene
from tests.support.sql_models import METADATA, AccountTable, balances, database_at, movements

#: A follower that applies what another process writes, until it is killed.
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


#: An engine that sends something, then builds its table anew again and again, until it is killed.
REBUILDER = """
    import sys
    import actum
    from actum.sql import rebuild
    from tests.support.bank import Deposit, open_bank
    from tests.support.sql_models import AccountTable, database_at

    async def main():
        async with database_at(sys.argv[2]) as database:
            async with open_bank(sys.argv[1], AccountTable, services=[database]) as engine:
                await engine.send_many([Deposit(account_id=f"a{n % 7}", amount=n + 1) for n in range(60)])
                table = engine.subscription(AccountTable)
                await table.caught_up()
                print("following", flush=True)
                while True:
                    await rebuild(table)

    actum.run(main())
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'read.db'}"
    address: str = request.getfixturevalue("postgres").new_database()
    return address


def following(store: Path, url: str, code: str = FOLLOWER) -> subprocess.Popen[str]:
    """A follower's process, at work, or another one."""
    process = subprocess.Popen(
        [sys.executable, "-c", dedent(code), store, url], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "following\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    """End it between any two steps."""
    process.kill()
    assert process.wait(30) == -signal.SIGKILL
    assert process.stdout is not None
    process.stdout.close()


async def send(engine: Engine, chance: random.Random, count: int) -> None:
    """Deposits of any amount on any account."""
    await engine.send_many(
        [Deposit(account_id=f"a{chance.randrange(9)}", amount=chance.randrange(1, 99)) for _ in range(count)]
    )


async def make_tables(database: AsyncEngine) -> None:
    """Have the tables there before a process is killed that has perhaps not made them yet."""
    async with database.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.run_sync(TABLES.create_all)


async def everything_applied(database: AsyncEngine, count: int) -> None:
    """Wait until so many events were applied."""
    while await movements(database) < count:
        await asyncio.sleep(0.01)


@pytest.mark.timeout(180)
@scene
async def test_killed_at_any_moment_it_applies_each_event_once(url: str, tmp_path: Path) -> None:
    """A follower's process is killed again and again while commands are sent: at the end the table is the view."""
    chance, total, progress = random.Random(11), 0, []
    async with database_at(url) as database, open_bank(tmp_path / "store") as engine:
        await make_tables(database)
        for _ in range(7):
            process = await asyncio.to_thread(following, tmp_path / "store", url)
            for _ in range(chance.randrange(1, 4)):
                total += (count := chance.choice((1, 7, 150)))
                await send(engine, chance, count)
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.wait, chance.random() * 0.3)
            await asyncio.to_thread(kill, process)
            progress.append(await movements(database))
        async with database.connect() as connection:
            assert (await connection.execute(select(func.count()).select_from(DEAD_LETTERS))).scalar_one() == 0
        process = await asyncio.to_thread(following, tmp_path / "store", url)
        await everything_applied(database, total)
        assert await movements(database) == total
        assert await balances(database) == await engine.ask(AllBalances())
        await asyncio.to_thread(kill, process)
        assert len(set(progress)) > 2, "it was always killed before it had done anything"


@pytest.mark.timeout(180)
@scene
async def test_killed_while_it_builds_anew(url: str, tmp_path: Path) -> None:
    """The live rows are there whole, old or new, and the next rebuild clears away what the last one left."""
    chance = random.Random(14)
    async with database_at(url) as database:
        for number in range(1, 5):
            process = await asyncio.to_thread(following, tmp_path / "store", url, REBUILDER)
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.wait, chance.random() * 0.4)
            await asyncio.to_thread(kill, process)
            assert await movements(database) == 60 * number
        async with open_bank(tmp_path / "store", AccountTable, services=[database]) as engine:
            assert await balances(database) == await engine.ask(AllBalances())
            await engine.subscription(AccountTable).caught_up()
            report = await rebuild(engine.subscription(AccountTable))
            assert [(each.missing, each.unexpected) for each in report.tables] == [(0, 0)]
            assert await balances(database) == await engine.ask(AllBalances())


@pytest.mark.timeout(180)
@scene
async def test_two_processes_on_one_table(url: str, tmp_path: Path) -> None:
    """A restored copy of the store is followed too, by mistake, into the same table: each event is applied once."""
    chance = random.Random(12)
    async with open_bank(tmp_path / "store") as engine:
        await send(engine, chance, 400)
        await engine.backup(tmp_path / "copy")
        async with database_at(url) as database:
            await make_tables(database)
            first = await asyncio.to_thread(following, tmp_path / "store", url)
            second = await asyncio.to_thread(following, tmp_path / "copy", url)
            await everything_applied(database, 200)
            await asyncio.to_thread(kill, first)
            await everything_applied(database, 400)
            await asyncio.sleep(0.2)  # would the other one apply something again?
            assert await movements(database) == 400
            assert await balances(database) == await engine.ask(AllBalances())
            await asyncio.to_thread(kill, second)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["shut down", "crashed"])
@scene
async def test_a_server_that_goes_away_and_comes_back(tmp_path: Path, number: signal.Signals) -> None:
    """While it is away nothing becomes a dead letter, and the state says so; then it goes on, each event once."""
    alerts: list[Alert] = []
    chance = random.Random(13)
    with private_postgres() as server:
        async with database_at(server.new_database()) as database:
            options = Options(stalled_seconds=0.5)
            async with Engine.open(
                tmp_path / "store",
                Account,
                Balances,
                AccountTable,
                services=[database, HeldAssessor()],
                alerts=[alerts.append],
                options=options,
            ) as engine:
                table = engine.subscription(AccountTable)
                await table.caught_up(0)
                await send(engine, chance, 300)
                await everything_applied(database, 20)
                await asyncio.to_thread(server.stop, number)
                await send(engine, chance, 50)
                while table.statistics().state != "stalled":
                    await asyncio.sleep(0.05)
                statistics = table.statistics()
                assert statistics.failure
                assert statistics.dead_letters == 0
                while not alerts:
                    await asyncio.sleep(0.05)
                await asyncio.to_thread(server.start)
                await table.caught_up()
                assert await movements(database) == 350
                assert await balances(database) == await engine.ask(AllBalances())
                statistics = table.statistics()
                assert (statistics.state, statistics.failure, statistics.dead_letters) == ("live", None, 0)
                while alerts[-1].state != "live":
                    await asyncio.sleep(0.05)
                assert alerts[0].state == "stalled"
