"""`overview`: of a running engine, and of a directory alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from actum.monitor import sites

from tests.support import fragile, processes
from tests.support.bank import Deposit, Withdraw, open_bank
from tests.support.commands import answered, exit_code_of, refused
from tests.support.fragile import Do, Fragile, FragmentView
from tests.support.processes import Conversation
from tests.support.scenes import scene
from tests.support.troubled import fill_troubled, open_troubled, quiet

#: A bank in another process, whose sockets lie where the environment says.
BANK = """
import asyncio, sys
from tests.support.bank import Deposit, open_bank

async def main():
    async with open_bank(sys.argv[1], monitor=True) as bank:
        print("open", flush=True)
        while True:
            await bank.send(Deposit(account_id="a", amount=1))
            await asyncio.sleep(0.005)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def sockets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for the sockets of this test's engines."""
    place = tmp_path_factory.mktemp("s") / "s"
    monkeypatch.setattr(sites, "directory", lambda: place)
    return place


async def asked(*arguments: object, code: int = 0) -> Any:
    """The data that a program gets, while the engine in this loop runs."""
    return await asyncio.to_thread(answered, *arguments, "--seconds", 0.5, code=code)


@scene
async def test_of_an_engine() -> None:
    """Rates between two looks, aggregates, who follows, the newest events."""
    async with open_bank(monitor=True, durability="full") as bank:
        for number in range(5):
            await bank.send(Deposit(account_id=f"a-{number}", amount=1))

        async def work() -> None:
            while True:
                await bank.send(Deposit(account_id="a-1", amount=2))
                await asyncio.gather(bank.send(Withdraw(account_id="a-1", amount=999)), return_exceptions=True)
                await asyncio.sleep(0.01)

        working = asyncio.create_task(work())
        found = await asked("overview", "-n", 3)
        working.cancel()
    assert (found["name"], found["store"]) == ("memory", None)
    assert found["figures"]["commands_per_second"] > found["figures"]["events_per_second"] > 0
    assert found["figures"]["acknowledge_seconds_p99"] > 0
    assert found["figures"]["memory_bytes"] > 1_000_000
    (account,) = found["aggregates"]
    assert (account["aggregate"], account["awake"]) == ("Account", 5)
    assert 0.3 < account["rejected_share"] < 0.7
    assert [(each["kind"], each["name"], each["state"]) for each in found["consumers"]] == [
        ("view", "Balances", "live"),
        ("view", "Activities", "live"),
    ]
    assert [each["type"] for each in found["events"]] == ["Deposited"] * 3
    assert "error" not in {each["level"] for each in found["findings"]}


@scene
async def test_for_people() -> None:
    """The same in tables."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="a[/bad]", amount=1))
        code, said, complained = await asyncio.to_thread(exit_code_of, "overview", "--seconds", 0.5)
    assert (code, complained) == (0, "")
    assert "relaxed durability" in said
    assert "commands/s" in said
    assert "Balances         view  1 rows" in said
    assert "a[/bad]" in said


@scene
async def test_a_broken_view_is_a_bad_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has to be done is said, and the exit code is 1."""
    monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
    async with open_bank(None, Fragile, FragmentView, monitor=True) as bank:
        await bank.send(Do(key="k", how="odd"))
        found = await asked("overview", code=1)
        _, said, _ = await asyncio.to_thread(exit_code_of, "overview", "--seconds", 0.5)
    assert "error" in {each["level"] for each in found["findings"]}
    assert {each["state"] for each in found["consumers"]} == {"live", "broken"}
    assert "actum views rebuild" in said


@scene
async def test_what_happens_by_itself(tmp_path: Path) -> None:
    """Subscriptions, processes and the timer are there too."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop", monitor=True) as shop:
        await quiet(shop)
        found = await asked("overview", code=1)
        _, said, _ = await asyncio.to_thread(exit_code_of, "overview", "--seconds", 0.5)
    assert {each["kind"] for each in found["consumers"]} == {"view", "subscription", "process", "timer"}
    assert "1 dead letters" in said


def test_of_a_directory_alone(one_event: str) -> None:
    """What an engine would measure is missing, not 0, and it is said how to get it."""
    found = answered("overview", one_event, "--seconds", 0.5)
    assert (found["name"], found["pid"]) == ("bank", None)
    assert found["figures"]["events_per_second"] == 0
    assert found["figures"]["commands_per_second"] is None
    assert (found["aggregates"], found["consumers"]) == ([], [])
    assert [each["position"] for each in found["events"]] == [1]
    code, said, complained = exit_code_of("overview", "-s", one_event, "--seconds", 0.5, "-n", 0)
    assert code == 0
    assert "monitor=True" in complained
    assert "Deposited" not in said


def test_of_an_engine_in_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its directory: the log is read from there, and so is what the directory says."""
    monkeypatch.undo()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setitem(processes.ENVIRONMENT, "XDG_RUNTIME_DIR", str(tmp_path))
    with Conversation(BANK, tmp_path / "bank") as bank:
        found = answered("overview", tmp_path / "bank", "--seconds", 0.5, "-n", 2)
        vitals = answered("vitals", bank.process.pid, "--seconds", 0.5)
    assert found["pid"] == bank.process.pid
    assert found["events"][-1]["version"] == found["events"][0]["version"] + 1
    assert vitals["figures"]["log_bytes"] > 0
    assert vitals["figures"]["commits_per_second"] > 0


def test_nobody_is_there(tmp_path: Path) -> None:
    """Neither an engine nor a store."""
    assert "can be attached to" in refused("overview")
    assert "no engine 'shop'" in refused("overview", "shop")
    (tmp_path / "empty").mkdir()
    assert refused("overview", tmp_path / "empty")
