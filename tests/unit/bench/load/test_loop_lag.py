"""How late the loop is."""

from __future__ import annotations

import asyncio

from actum_bench.load.loop_lag import loop_lag


def test_it_looks_again_and_again_until_it_is_left() -> None:
    """Lags are gathered, none below nothing, and no task is left behind."""

    async def main() -> None:
        async with loop_lag() as lags:
            while len(lags) < 2:
                await asyncio.sleep(0)
        assert min(lags) >= 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
