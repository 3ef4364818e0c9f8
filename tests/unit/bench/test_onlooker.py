"""A process that attaches and leaves as it is told."""

from __future__ import annotations

import os

import pytest
from actum_bench.onlooker import onlooker

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene


@scene
async def test_it_comes_and_goes() -> None:
    """It says what it has seen; where it has been it finds its way again."""
    async with open_bank() as bank:
        await bank.monitor()
        await bank.send(Deposit(account_id="a", amount=1))
        async with onlooker(os.getpid()) as other:
            await other.come(actors=True, rows="Balances", order="account_id")
            assert str(other.target).endswith(".sock")
            first = await other.go()
            assert first.frames >= first.actors == first.rows >= 1
            await other.come()
            second = await other.go()
            assert second.frames >= 1
            assert (second.actors, second.rows, second.vitals) == (0, 0, 0)
            assert await other.go() == second


@scene
async def test_one_that_finds_nobody_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    """It ends, with the reason among its errors."""
    async with onlooker("nobody there") as other:
        with pytest.raises(ConnectionError, match="the onlooker is gone"):
            await other.come()
    assert "no engine 'nobody there' can be attached to" in capfd.readouterr().err
