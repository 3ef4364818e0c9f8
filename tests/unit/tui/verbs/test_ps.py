"""`actum ps`: the engines that run."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest
from actum.monitor import client, sites

from tests.support.bank import Deposit, open_bank
from tests.support.commands import answered, exit_code_of
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


@scene
async def test_one_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not said to be absent when its loop is held: this is when people look."""
    monkeypatch.setattr(client, "HELLO_SECONDS_MAX", 0.05)
    sites.private(tmp_path / "sockets")
    path = tmp_path / "sockets" / f"held-{os.getpid()}-1.sock"
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(path))
        held.listen()
        code, said, complained = await asyncio.to_thread(exit_code_of, "ps")
    assert (code, said) == (0, "no other engine runs that was opened with monitor=True\n")
    assert "does not answer" in complained
