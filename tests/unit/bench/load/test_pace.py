"""Waiting for a moment."""

from __future__ import annotations

import asyncio

import pytest
from actum_bench.load.pace import TURNS_NS, Pace


@pytest.mark.parametrize("ahead", [-1_000_000, 0, 100_000, TURNS_NS + 1_000_000])
def test_it_is_never_too_early(ahead: int) -> None:
    """After waiting it is that moment, or later; one that has gone is not waited for."""

    async def main() -> None:
        pace = Pace()
        moment = pace.now() + ahead
        await pace.until(moment)
        assert pace.now() >= moment

    asyncio.run(main())


def test_others_have_a_turn() -> None:
    """Even when there is nothing to wait for, the loop goes on to others."""

    async def main() -> list[str]:
        turns: list[str] = []
        asyncio.get_running_loop().call_soon(turns.append, "other")
        await Pace().until(0)
        return turns

    assert asyncio.run(main()) == ["other"]
