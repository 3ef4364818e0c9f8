"""`actors`: those of a running engine that stand out; a directory alone does not know them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from actum import CommandFailed
from actum.monitor import sites

from tests.support.bank import Deposit, open_bank
from tests.support.commands import answered, exit_code_of
from tests.support.fragile import Do, Fragile
from tests.support.scenes import scene

HOSTILE = "[red]\x1b[31m\u202e"


@pytest.fixture(autouse=True)
def sockets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for the sockets of this test's engines."""
    place = tmp_path_factory.mktemp("s") / "s"
    monkeypatch.setattr(sites, "directory", lambda: place)
    return place


@scene
async def test_those_that_stand_out() -> None:
    """Four lists, each limited; who is in quarantine is a bad answer, with the reason; names stand there as data."""
    async with open_bank(None, Fragile, monitor=True, quarantine_failures_max=1) as bank:
        with pytest.raises(CommandFailed):
            await bank.send(Do(key=HOSTILE, how="badly"))

        async def work() -> None:
            while True:
                await asyncio.gather(*(bank.send(Deposit(account_id=key, amount=1)) for key in ("a", "a", "a", "b")))
                await asyncio.sleep(0.002)

        working = asyncio.create_task(work())
        data: Any = await asyncio.to_thread(answered, "actors", "--seconds", 1, code=1)
        hottest: Any = await asyncio.to_thread(
            answered, "actors", "--by", "hottest", "--limit", 1, "--seconds", 1, code=1
        )
        _, said, _ = await asyncio.to_thread(exit_code_of, "actors", "--seconds", 1)
        working.cancel()
    assert [each["key"] for each in data["actors"]["hottest"]] == ["a", "b"]
    assert data["actors"]["hottest"][0]["commands_per_second"] > data["actors"]["hottest"][1]["commands_per_second"]
    (refused,) = data["actors"]["quarantined"]
    assert (refused["aggregate"], refused["key"], refused["fault"]) == ("Fragile", HOSTILE, "ZeroDivisionError: a bug")
    assert data["figures"]["commands_per_second"] > 0
    assert 0.9 < data["figures"]["hit_share"] <= 1
    assert {each["aggregate"] for each in data["aggregates"]} == {"Account", "Fragile"}
    assert [*hottest["actors"]] == ["hottest"]
    assert [each["key"] for each in hottest["actors"]["hottest"]] == ["a"]
    assert "Fragile/[red]\\x1b[31m\\u202e" in said
    assert "\x1b" not in said
    assert "found awake" in said


def test_a_directory_does_not_know_them(one_event: str) -> None:
    """It says what does."""
    code, said, warned = exit_code_of("actors", one_event, "--seconds", 0.5)
    assert (code, said) == (0, "no actors are known\n")
    assert "monitor=True" in warned
