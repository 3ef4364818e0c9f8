"""What is measured while somebody looks."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path

import pytest
from actum import Rejected
from actum.monitor.spread import WINDOW_SECONDS

from tests.support.bank import Deposit, Withdraw, open_bank
from tests.support.fragile import Do, Fragile
from tests.support.probes import attached, vitals_of
from tests.support.scenes import in_time, scene


@pytest.mark.parametrize("on_disk", [False, True])
def test_everything_is_measured(tmp_path: Path, *, on_disk: bool) -> None:
    """In memory and in a directory: answers, commits, sizes, the loop, the process."""

    @scene
    async def play() -> None:
        async with open_bank(str(tmp_path / "bank") if on_disk else None, Fragile) as bank:
            with attached(bank) as probe:
                assert probe.vitals() is None
                await asyncio.gather(*(bank.send(Deposit(account_id="a", amount=1)) for _ in range(4)))
                with pytest.raises(Rejected):
                    await bank.send(Withdraw(account_id="a", amount=50))
                await bank.send(Do(key="f"))
                gc.collect()
                vitals = await vitals_of(probe)
                assert vitals.acknowledge.count == 6
                assert 0 < vitals.acknowledge.p50 <= vitals.acknowledge.p99 <= vitals.acknowledge.maximum
                assert (vitals.commit.count, vitals.write.count) == (2, 2)
                assert 0 < vitals.write.p50 <= vitals.commit.p50
                assert (vitals.batch_events.p50, vitals.batch_events.maximum) == (1, 4)
                assert vitals.collections >= 1
                assert 0 < vitals.collection_seconds_max <= vitals.collection_seconds
                assert vitals.memory_bytes > 1_000_000
                assert vitals.cpu_seconds > 0
                assert 0 < vitals.window_seconds <= WINDOW_SECONDS

    play()


@scene
async def test_every_aggregate_has_its_share() -> None:
    """The largest first, those without a command last; with what was refused, and the fullest mailbox."""
    async with open_bank(None, Fragile) as bank:
        with attached(bank) as probe:
            await asyncio.gather(*(bank.send(Deposit(account_id="a", amount=1)) for _ in range(3)))
            with pytest.raises(Rejected):
                await bank.send(Withdraw(account_id="a", amount=50))
            account, fragile = (await vitals_of(probe)).aggregates
            assert (account.name, account.share, account.rejected_share, account.deepest) == ("Account", 1.0, 0.25, 3)
            assert account.acknowledge == (await vitals_of(probe)).acknowledge
            assert (fragile.name, fragile.share, fragile.rejected_share, fragile.deepest) == ("Fragile", 0.0, 0.0, 0)
            assert fragile.acknowledge.count == 0


@scene
async def test_the_loop_is_late_when_somebody_holds_it() -> None:
    """By about as long as that took."""
    async with open_bank() as bank:
        with attached(bank) as probe:
            await vitals_of(probe)
            held = time.perf_counter()
            while time.perf_counter() < held + 0.2:
                pass
            await in_time(lambda: (probe.vitals() or pytest.fail("nothing")).loop_lag.maximum > 0.1)
