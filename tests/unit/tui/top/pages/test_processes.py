"""Screen 5 on real engines: what stands still is seen, in full on demand, and mended if that is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from actum import Deadlines, Engine, MemoryLog, Options, Process, react
from actum.processes.instances import Instance, Instances
from actum_tui.top.app import Dashboard
from actum_tui.top.grid import Grid
from actum_tui.top.pages.processes import ProcessesPage
from actum_tui.top.stored import StoredSource

from tests.support.bank import Account, Deposit, HeldAssessor, Withdraw, open_bank
from tests.support.dashboards import comes, dashboard, seen, sees, sees_not
from tests.support.errands import Ask, Asked, idle, open_errands
from tests.support.scenes import scene, until
from tests.support.troubled import MENDED, Mailer, fill_troubled, open_troubled, quiet

if TYPE_CHECKING:
    from pathlib import Path

#: What a terminal or Textual would obey.
HOSTILE = "\x1b[31m[red]\u202e[/]"
SHOWN = "\\x1b[31m[red]\\u202e[/]"


def page_of(pilot: Any) -> ProcessesPage:
    """The screen."""
    page = pilot.app.page
    assert isinstance(page, ProcessesPage)
    return page


@scene
async def test_what_stands_still_is_seen_first_and_in_full(tmp_path: Path) -> None:
    """Who works with how much; the failed instance on top, with its failure, its steps and their causes."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop", automatic=False, monitor=True) as shop:
        del shop
        async with dashboard(tmp_path / "shop", page="5") as pilot:
            await sees(pilot, "Fulfilment", "Courier", "timer", "Instances 5", "ZeroDivisionError: a bug")
            await sees(pilot, "waits for  OrderPaid, OrderShipped", "steps", "OrderPaid @18")
            text = await sees(pilot, "Fulfilment  overdue  waiting", "unpaid 3 d overdue")
            lines = [line.split()[:2] for line in text.splitlines()]
            assert lines.index(["Courier", "failed"]) < lines.index(["Fulfilment", "overdue"])
            await pilot.press("down")
            await sees(pilot, "Fulfilment/failed  failed", "CommandFailed: a handler of Wallet/buggy")
            await pilot.press("F")
            await sees_not(pilot, "overdue  waiting")
            assert "Instances 2 of 5" in seen(pilot.app)
            await pilot.press("F")
            await pilot.press("slash", *"key=waiting")
            await sees(pilot, "Instances 1 of 5")
            await pilot.press("escape")
            await sees_not(pilot, "1 of 5")


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (160, 50)])
@scene
async def test_deadlines_and_dead_letters(tmp_path: Path, size: tuple[int, int]) -> None:
    """Refused first, with the reason; then what is due next. Dead letters with their event and their error."""
    await fill_troubled(tmp_path / "shop")
    async with (
        open_troubled(tmp_path / "shop", monitor=True) as shop,
        dashboard(tmp_path / "shop", page="5", size=size) as pilot,
    ):
        await quiet(shop)
        await pilot.press("d")
        await sees(pilot, "ShipOrder", "Rejected: the order is new")
        grid = page_of(pilot).grid
        await comes(pilot, lambda: len(grid.rows) > 1)
        order = [str(grid.get_row_at(number)[1]) for number in range(grid.row_count)]
        assert order == sorted(order, key=lambda state: state != "failed")
        await pilot.press("l")
        await sees(pilot, "mailer", "OrderPlaced", "no such letter: \\x1b[31m\\u202e", "tried  once")


@scene
async def test_a_countdown_moves_between_frames() -> None:
    """However rarely frames come; what is overdue is called that."""
    async with Engine.open(
        MemoryLog(), Account, Deadlines, services=[HeldAssessor()], monitor=True, automatic=False
    ) as bank:
        await bank.schedule(Deposit(account_id="ann", amount=1), after=50, deadline_id="soon")
        await bank.schedule(Deposit(account_id="ann", amount=1), after=0, deadline_id="late")
        async with dashboard(page="5", interval=60) as pilot:
            await pilot.press("d")
            await sees(pilot, "overdue", "in 4")
            before = seen(pilot.app)
            await comes(pilot, lambda: seen(pilot.app) != before)
            assert "in 4" in seen(pilot.app)
            await pilot.press("space")
            paused = seen(pilot.app)
            await pilot.pause(1.2)
            assert seen(pilot.app) == paused


class Patient(Process, key="asker", name=HOSTILE[:-3]):
    """Fails when it is told to."""

    asker: str = ""

    @react(starts=True)
    def asked(self, event: Asked) -> None:
        """Remember."""
        self.asker = event.asker
        if event.errand == "bad":
            raise ValueError(HOSTILE)


@scene
async def test_what_comes_from_data_is_shown_as_data() -> None:
    """Names, keys, failures and fields that would be markup, or move the cursor, stand there as they are written."""
    async with open_errands(None, Patient, monitor=True) as engine:
        await engine.send(Ask(asker=HOSTILE, errand="bad"))
        await engine.send(Ask(asker=f"{HOSTILE}2"))
        await idle(engine)
        async with dashboard(page="5", size=(200, 40)) as pilot:
            await sees(pilot, f"{SHOWN[:-3]}/{SHOWN}", f"ValueError: {SHOWN}")
            await pilot.press("down")
            await sees(pilot, f"asker  {SHOWN}2")
            text = seen(pilot.app)
            assert "\x1b" not in text
            assert "\u202e" not in text
            await pilot.press("X")
            await sees(pilot, "put the cursor on")


@scene
async def test_nothing_happens_by_itself() -> None:
    """That is said, for each table."""
    async with open_bank(None, monitor=True), dashboard(page="5") as pilot:
        await sees(pilot, "no instance of a process is under way", "Instances 0")
        await pilot.press("d")
        await sees(pilot, "no deadline is pending, and none was refused", "Deadlines 0")
        await pilot.press("l")
        await sees(pilot, "no subscription has put an event aside", "Dead letters 0")
        await pilot.press("slash", *"a:b:c(")
        await pilot.press("enter", "F", "X", "t", "enter")


@scene
async def test_what_one_has_is_chosen_by_enter(tmp_path: Path) -> None:
    """The instances of one process, the deadlines of the timer, the dead letters of one subscription; again: all."""
    await fill_troubled(tmp_path / "shop")
    async with (
        open_troubled(tmp_path / "shop", monitor=True) as shop,
        dashboard(tmp_path / "shop", page="5") as pilot,
    ):
        await quiet(shop)
        await sees(pilot, "subscription", "Instances")
        workers = page_of(pilot).query_one("#workers", Grid)
        workers.focus()
        await pilot.press("enter")
        await sees(pilot, "Instances of Fulfilment")
        workers.focus()
        await pilot.press("enter")
        await sees_not(pilot, "Instances of Fulfilment")
        workers.focus()
        await pilot.press("down", "down", "enter")
        await comes(pilot, lambda: page_of(pilot).panel == "deadlines")
        workers.focus()
        await pilot.press("down", "enter")
        await sees(pilot, "Dead letters of mailer 1")


@scene
async def test_a_failed_instance_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After it was agreed to; it fails again, and is told why; once the code is mended it goes on."""
    await fill_troubled(tmp_path / "shop")
    async with (
        open_troubled(tmp_path / "shop", automatic=False, monitor=True, admin=True) as shop,
        dashboard(tmp_path / "shop", rw=True, page="5") as pilot,
    ):
        await sees(pilot, "Courier/failed  failed")
        await pilot.press("X")
        await sees(pilot, "Retry Courier/failed?", "It reacts again to the event at which it failed")
        await pilot.press("n")
        assert [one.failure for one in shop.processes(_courier(), status="failed")] == ["ZeroDivisionError: a bug"]
        await pilot.press("X", "y")
        await sees(pilot, "Courier/failed failed again at position 18")
        monkeypatch.setenv(MENDED, "yes")
        await pilot.press("n", "X", "y")
        await sees(pilot, "Courier/failed goes on")
        await pilot.press("escape")
        await sees_not(pilot, "ZeroDivisionError")
        assert shop.processes(_courier(), status="failed") == []


@scene
async def test_a_dead_letter_and_a_deadline_are_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each through its dialog; the tables follow."""
    await fill_troubled(tmp_path / "shop")
    monkeypatch.setenv(MENDED, "yes")
    async with (
        open_troubled(tmp_path / "shop", monitor=True, admin=True) as shop,
        dashboard(tmp_path / "shop", rw=True, page="5") as pilot,
    ):
        await quiet(shop)
        await pilot.press("l")
        await sees(pilot, "mailer", "OrderPlaced", "no such letter")
        await pilot.press("X", "y")
        await sees(pilot, "mailer has handled the event at position 29")
        assert shop.subscription(Mailer).dead_letters() == []
        await pilot.press("escape")
        await sees(pilot, "no subscription has put an event aside")
        await pilot.press("d")
        await sees(pilot, "refused  Rejected")
        await pilot.press("X", "y")
        await sees(pilot, "ShipOrder is sent again now")


@scene
async def test_a_hundred_thousand_instances() -> None:
    """The first are shown, failed ones first; a word is looked for among all."""
    options = Options(gc_policy="none", durability="relaxed")
    async with Engine.open(MemoryLog(), _Simple, options=options, monitor=True) as engine:
        assert engine._core is not None
        live = engine._core.view_of(Instances)
        live.table.writable = True
        for number in range(100_000):
            row = Instance(instance=f"simple/{number:06d}", process="simple", key=f"{number:06d}", since_ns=number)
            live.view.put(row.replace(status="failed", reason="no") if number == 77_777 else row)
        live.table.writable = False
        async with dashboard(page="5") as pilot:
            await sees(pilot, "Instances 200 of 100,000", "simple/077777  failed", "99,999")
            await pilot.press("slash", *"03333")
            await sees(pilot, "Instances 11", "003333", "033336")


@scene
async def test_the_past_and_the_trace_are_opened(tmp_path: Path) -> None:
    """Enter on an instance goes to its stream, `t` to all that belongs together."""
    await fill_troubled(tmp_path / "shop")
    async with (
        open_troubled(tmp_path / "shop", automatic=False, monitor=True),
        dashboard(tmp_path / "shop", page="5") as pilot,
    ):
        await sees(pilot, "Courier/failed  failed", "steps")
        await pilot.press("enter")
        await comes(pilot, lambda: pilot.app.current_mode == "7")
        await pilot.press("5")
        await sees(pilot, "Courier/failed  failed", "steps")
        await pilot.press("t")
        await comes(pilot, lambda: pilot.app.current_mode == "6")
        await sees(pilot, "OrderPaid")


@scene
async def test_a_directory_alone(tmp_path: Path) -> None:
    """All that the log says, also who is done; nothing can be done to it, and it is said what can."""
    await fill_troubled(tmp_path / "shop")
    source = StoredSource(str(tmp_path / "shop"))
    await source.open()
    try:
        async with Dashboard(source, rw=True).run_test(size=(80, 24), notifications=True) as pilot:
            await pilot.press("5")
            await sees(pilot, "Instances 5", "Deadlines 5", "Dead letters 1", "done", "steps", "OrderPaid @18")
            await pilot.press("X")
            await sees(pilot, "Nothing was done", "store's directory")
            await pilot.press("2")
            await sees(pilot, "A directory alone does not say this")
    finally:
        await source.close()


@scene
async def test_a_refused_withdrawal_is_a_failed_deadline() -> None:
    """Its command is shown in full; of what the engine does not list any more it is said that it is gone."""
    async with open_bank(None, Deadlines, monitor=True) as bank:
        await bank.schedule(Withdraw(account_id=HOSTILE, amount=5), after=0, deadline_id="d")
        await until(lambda: [one.state for one in bank.deadlines()] == ["failed"])
        async with dashboard(page="5") as pilot:
            await pilot.press("d")
            await sees(pilot, "refused  Rejected: only 0 there", "Deadlines 1")
            await sees(pilot, "id  d")
            await bank.cancel("d")
            await sees(pilot, "no deadline is pending, and none was refused")


def _courier() -> type[Process]:
    """The class, which has a bug."""
    from tests.support.troubled import Courier  # noqa: PLC0415

    return Courier


class _Simple(Process, key="asker", name="simple"):
    """One that never reacts here."""

    @react(starts=True)
    def asked(self, event: Asked) -> None:
        """Nothing."""
