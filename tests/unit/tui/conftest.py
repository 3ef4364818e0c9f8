"""What the tests of the command share: a store, and no settings from outside."""

from __future__ import annotations

from pathlib import Path

import actum
import pytest

from tests.support.bank import Deposit, open_bank


@pytest.fixture
def one_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A closed store with one event; the working directory is beside it."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))

    actum.run(fill())
    monkeypatch.chdir(tmp_path)
    return str(tmp_path / "bank")


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings from outside, and a working directory of its own."""
    for name in ("ACTUM_STORE", "ACTUM_APP", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
