"""`actum ps`: the engines that run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from actum.monitor import sites

from tests.support.bank import Deposit, open_bank
from tests.support.commands import answered
from tests.support.scenes import scene


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory for sockets of this test's own."""
    monkeypatch.setattr(sites, "directory", lambda: tmp_path / "sockets")


def test_none_runs() -> None:
    """It says how to have one."""
    shown = answered("ps")
    assert shown == {"engines": []}


@scene
async def test_those_that_run(tmp_path: Path) -> None:
    """Where each stands."""
    async with open_bank(tmp_path / "bank", monitor=True, admin=True) as bank, open_bank(monitor=True):
        await bank.send(Deposit(account_id="a", amount=1))
        shown = await asyncio.to_thread(answered, "ps")
    engines = {engine["name"]: engine for engine in shown["engines"]}
    assert set(engines) == {"bank", "memory"}
    found = engines["bank"]
    assert (found["pid"], found["position"], found["awake"], found["admin"]) == (os.getpid(), 1, 1, True)
    assert (found["store"], engines["memory"]["store"]) == (str(tmp_path / "bank"), None)
    assert found["socket"].endswith(".sock")
