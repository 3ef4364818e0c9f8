"""The log in a directory, read beside its engine."""

from __future__ import annotations

import shutil
from pathlib import Path

import actum
import pytest
from actum_tui.top.journal import DirectoryJournal

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene


@scene
async def test_reading(tmp_path: Path) -> None:
    """Records as far as they exist, the history of one."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send_many([Deposit(account_id=f"a{n % 3}", amount=n + 1) for n in range(2_500)])
    journal = DirectoryJournal(str(tmp_path / "bank"))
    assert await journal.head() == 2_500
    assert [record.position for record in await journal.records(0, 9_999)] == list(range(1, 2_501))
    assert await journal.records(2_501, 2_600) == []
    assert [record.version for record in await journal.history("Account", "a0")] == list(range(1, 835))
    await journal.close()
    await journal.close()


@scene
async def test_what_goes_wrong_ends(tmp_path: Path) -> None:
    """A store that is not there is an error; when it is there, it is read."""
    journal = DirectoryJournal(str(tmp_path / "bank"))
    with pytest.raises(actum.StoreMismatch):
        await journal.head()
    async with open_bank(tmp_path / "bank"):
        pass
    assert await journal.head() == 0
    await journal.close()
    shutil.rmtree(tmp_path / "bank")
