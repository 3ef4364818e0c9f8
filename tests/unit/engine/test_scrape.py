"""Statistics read for exporters: from any thread, of engines and followers, and never for longer than is said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from actum import EngineClosed, follow
from actum.scrape import Scrape

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene
from tests.support.subscribers import Journal, Watcher

if TYPE_CHECKING:
    from pathlib import Path


@scene
async def test_from_the_loop_and_from_another_thread() -> None:
    """The same figures."""
    async with open_bank() as bank:
        scrape: Scrape[Any] = Scrape(bank)
        await bank.send(Deposit(account_id="ann", amount=1))
        assert scrape.read().position == 1
        assert (await asyncio.to_thread(scrape.read)).position == 1


@scene
async def test_a_follower(tmp_path: Path) -> None:
    """It has its own head; closed, it has no figures, and says so in whatever thread it is asked."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="ann", amount=1))
    async with follow(tmp_path / "bank", Watcher, services=[Journal()]) as follower:
        scrape: Scrape[Any] = Scrape(follower)
        assert (await asyncio.to_thread(scrape.read)).head == 1
    with pytest.raises(EngineClosed):
        await asyncio.to_thread(scrape.read)


@scene
async def test_what_is_not_open_has_no_figures() -> None:
    """It is said at once."""
    with pytest.raises(EngineClosed):
        Scrape(open_bank())
