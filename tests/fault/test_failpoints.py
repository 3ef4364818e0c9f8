"""At every failpoint: what raises there, what dies there and what hangs there loses nothing that was acknowledged."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import actum
import pytest
from actum import ActumError, Engine
from actum_storage import StorageError, failpoints

from tests.support.bank import AllBalances, Balances, Deposit, open_bank
from tests.support.processes import ENVIRONMENT, SECONDS_MAX

ROOMS = Path(__file__).parents[2] / "storage" / "actum_storage"

#: Runs a life of a store with something planted; prints what was acknowledged.
CHILD = textwrap.dedent(
    """
    import sys
    import actum
    from actum_storage import failpoints
    from tests.fault.test_failpoints import life

    store, name, nth = sys.argv[1:]
    with failpoints.planted(name, failpoints.kill, nth=int(nth)):
        actum.run(life(store, lambda key, total: print(key, total, flush=True)))
    """
)


async def life(store: str, acknowledged: Callable[[str, int], None]) -> None:
    """Deposit, make checkpoints, copies, and compact; all failpoints are reached."""
    for round_number in range(2):
        ratio = 0.01 if round_number else 100.0
        async with open_bank(store, durability="full", checkpoint_deltas_ratio_max=ratio) as bank:
            for number in range(12):
                key = f"a{round_number}-{number}"
                await bank.send(Deposit(account_id=key, amount=1 + number), command_id=f"command {key}")
                acknowledged(key, 1 + number)
                if number % 4 == 3:
                    await bank.checkpoint()
            await bank.backup(f"{store} copy {round_number}")
    actum.compact_store(store)


async def balances(store: Path) -> dict[str, int]:
    """What a new engine says."""
    async with open_bank(store) as bank:
        found = await bank.ask(AllBalances())
        await bank.rebuild(Balances)
        assert await bank.ask(AllBalances()) == found
        return found


@pytest.mark.parametrize("name", failpoints.POINTS)
def test_each_place_is_in_the_code_once(name: str) -> None:
    """A name that is listed is hit in one place, behind the flag."""
    hits = [
        (lines[index - 1].strip(), line)
        for path in ROOMS.glob("*.py")
        for lines in [path.read_text().splitlines()]
        for index, line in enumerate(lines)
        if f'failpoints.hit("{name}")' in line and path.name != "failpoints.py"
    ]
    assert [before for before, _ in hits] == ["if failpoints.active:"]


def test_no_place_is_hit_that_is_not_listed() -> None:
    """As many hits as names."""
    hits = sum(path.read_text().count("    failpoints.hit(") for path in ROOMS.glob("*.py"))
    assert hits == len(failpoints.POINTS)


def test_an_unknown_place_is_refused() -> None:
    """A misspelt name would test nothing."""
    with pytest.raises(StorageError, match=r"no failpoint 'log.comit': there are"):
        failpoints.plant("log.comit", failpoints.kill)
    assert not failpoints.active


@pytest.mark.parametrize("name", failpoints.POINTS)
@pytest.mark.parametrize("nth", [1, 3])
def test_death_at_a_place_loses_nothing(name: str, nth: int, tmp_path: Path) -> None:
    """A process that dies there leaves a store that opens by itself with everything that it had acknowledged."""
    store = tmp_path / "bank"
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(store), name, str(nth)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
        env=ENVIRONMENT,
    )
    lines = [line.split() for line in child.stdout.splitlines()]
    told = {key: int(total) for key, total in lines}
    found = actum.run(balances(store))
    assert child.returncode in ({-signal.SIGKILL} if nth == 1 else {-signal.SIGKILL, 0}), child.stderr
    assert told.items() <= found.items()
    assert len(found) <= len(told) + 1


@pytest.mark.parametrize("name", failpoints.POINTS)
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), StorageError("planted")])
def test_an_error_at_a_place_loses_nothing(name: str, error: Exception, tmp_path: Path) -> None:
    """An error there is never a false acknowledgement: what was acknowledged is there after reopening."""
    store = tmp_path / "bank"
    told: dict[str, int] = {}

    def strike() -> None:
        raise error

    with failpoints.planted(name, strike, nth=2 if name.startswith("log") else 1):
        with suppress(ActumError, OSError):
            actum.run(life(str(store), told.__setitem__))
        assert failpoints.reached[name]
    found = actum.run(balances(store))
    assert told.items() <= found.items()
    assert len(found) <= len(told) + 1


@pytest.mark.parametrize("name", [name for name in failpoints.POINTS if name.startswith(("log", "derived"))])
def test_a_place_that_hangs_stops_no_query(name: str, tmp_path: Path) -> None:
    """While the disk hangs, queries are answered and nothing is acknowledged that is not durable."""
    release, hanging = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        release.wait(SECONDS_MAX)

    async def main() -> None:
        bank = open_bank(tmp_path / "bank", durability="full", checkpoint_deltas_ratio_max=0.01)
        async with bank:
            await bank.send(Deposit(account_id="a-1", amount=1))
            await bank.checkpoint()
            with failpoints.planted(name, hang):
                sent = asyncio.create_task(bank.send(Deposit(account_id="a-2", amount=2)))
                saved = asyncio.create_task(save(bank, sent))
                while not hanging.is_set():
                    await asyncio.sleep(0.001)
                for _ in range(20):
                    assert (await bank.ask(AllBalances())).keys() >= {"a-1"}
                    await asyncio.sleep(0)
                assert not saved.done()
                if name.startswith("log"):
                    assert not sent.done()
                    assert await bank.ask(AllBalances()) == {"a-1": 1}
                release.set()
                await saved
            assert await bank.ask(AllBalances()) == {"a-1": 1, "a-2": 2}

    actum.run(main())


async def save(bank: Engine, sent: asyncio.Task[actum.Receipt]) -> None:
    """Two checkpoints behind a command."""
    await sent
    await bank.checkpoint()
    await bank.checkpoint()
