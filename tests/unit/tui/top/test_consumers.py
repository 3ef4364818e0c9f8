"""Who follows the log, as rows: made of a real engine's statistics."""

from __future__ import annotations

from pathlib import Path

import msgspec
from actum import RebuildStatistics
from actum_tui.top.consumers import consumers, of_view

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene
from tests.support.troubled import fill_troubled, open_troubled, quiet


@scene
async def test_views() -> None:
    """A row each; broken and rebuilding say more than how far it is."""
    async with open_bank() as bank:
        await bank.send(Deposit(account_id="a-1", amount=1))
        statistics = bank.statistics()
    activities, balances = sorted(consumers(statistics))
    assert (activities.name, balances.name) == ("Activities", "Balances")
    assert balances[:8] == ("view", "Balances", 1, "rows", 1, 0, 0.0, "live")
    assert (balances.level, balances.rebuilt_share) == ("fine", 0.0)
    view = statistics.views[0]
    broken = of_view(msgspec.structs.replace(view, state="broken", failure="a bug"))
    assert (broken.state, broken.level, broken.failure) == ("broken", "error", "a bug")
    rebuild = RebuildStatistics.of("folding", 30, 100, 6.0)
    rebuilding = of_view(msgspec.structs.replace(view, state="rebuilding", rebuild=rebuild))
    assert (rebuilding.state, rebuilding.level, rebuilding.rebuilt_share) == ("rebuilding", "warning", 0.3)
    slow = of_view(msgspec.structs.replace(view, lag_state="slow"))
    assert (slow.state, slow.level) == ("slow", "warning")


@scene
async def test_what_happens_by_itself(tmp_path: Path) -> None:
    """Subscriptions with their dead letters, processes with their instances, the timer with its deadlines."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop") as shop:
        await quiet(shop)
        found = {(each.kind, each.name): each for each in consumers(shop.statistics())}
    mailer = found["subscription", "mailer"]
    assert (mailer.holds, mailer.unit) == (1, "dead letters")
    courier = found["process", "Courier"]
    assert (courier.holds, courier.unit, courier.level) == (1, "active", "error")
    timer = found["timer", "deadlines"]
    assert (timer.position, timer.unit) == (None, "pending")
    assert timer.holds >= 1
