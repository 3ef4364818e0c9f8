"""The dialog of actions: nothing is done unasked, and what comes of it is told; on real engines, also dying ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from actum.monitor import Checkpoint, Rebuild, Release, attach, sites
from actum_tui.top.actions import ActionDialog, offer

from tests.support.bank import Deposit, open_bank
from tests.support.dashboards import app_of, comes, dashboard, seen, sees
from tests.support.processes import Conversation
from tests.support.scenes import scene

#: An engine in a process of its own, whose view takes its time.
ENGINE = """
    import asyncio, pathlib, sys, time
    import actum
    from actum import Engine, Options
    from actum.monitor import sites
    from tests.support.bank import Account, Deposit, HeldAssessor, Balances

    sites.directory = lambda: pathlib.Path(sys.argv[2])
    quickly = Balances._move

    def slowly(self, account_id, amount):
        time.sleep(0.02)
        quickly(self, account_id, amount)

    async def main():
        options = Options(gc_policy="none", durability="relaxed", ballast_bytes=0, replay_slice_events=1)
        async with Engine.open(
            sys.argv[1], Account, Balances, services=[HeldAssessor()], options=options, monitor=True, admin=True
        ) as bank:
            for number in range(200):
                await bank.send(Deposit(account_id=str(number), amount=1))
            Balances._move = slowly
            print("open", flush=True)
            await asyncio.sleep(1000)

    actum.run(main())
"""


@pytest.mark.parametrize(
    ("rw", "admin", "said"),
    [(False, True, "start it with --rw"), (False, False, "start it with --rw"), (True, False, "admin=True")],
)
def test_what_is_not_allowed_says_why(*, rw: bool, admin: bool, said: str) -> None:
    """And what to do; there is no dialog."""

    @scene
    async def play() -> None:
        async with open_bank(None, monitor=True, admin=admin), dashboard(rw=rw) as pilot:
            await offer(app_of(pilot), Rebuild("Balances"))
            await sees(pilot, "Nothing was done", *said.split())
            assert not isinstance(pilot.app.screen, ActionDialog)

    play()


@scene
async def test_it_is_asked_first_and_told_after() -> None:
    """What will happen stands there; enter leaves it; `y` does it; its outcome stays until it is closed."""
    async with open_bank(None, monitor=True, admin=True) as bank, dashboard(rw=True) as pilot:
        await bank.send(Deposit(account_id="ann", amount=1))
        await offer(app_of(pilot), Rebuild("Balances"))
        await sees(pilot, "Rebuild the view Balances?", "rows are made again from the whole log")
        await pilot.press("enter")
        await comes(pilot, lambda: not isinstance(pilot.app.screen, ActionDialog))
        await offer(app_of(pilot), Rebuild("Balances"))
        await pilot.press("y")
        await sees(pilot, "✓ Balances is rebuilt as of position 1: 1 rows")
        await pilot.press("y", "escape")
        await comes(pilot, lambda: not isinstance(pilot.app.screen, ActionDialog))


@scene
async def test_a_checkpoint_is_saved_from_the_screen_of_the_storage(tmp_path: Path) -> None:
    """Its key there; the engine has saved it."""
    async with (
        open_bank(tmp_path / "bank", monitor=True, admin=True) as bank,
        dashboard(rw=True, page="8") as pilot,
    ):
        await bank.send(Deposit(account_id="ann", amount=1))
        await pilot.press("N")
        await sees(pilot, "Save a checkpoint?")
        await pilot.press("y")
        await sees(pilot, "✓ a checkpoint is saved as of position 1")
        figures = bank.statistics().checkpoints
        assert figures is not None
        assert figures.position == 1


@scene
async def test_the_mouse_does_it_too() -> None:
    """A click on the button."""
    async with open_bank(None, monitor=True, admin=True), dashboard(rw=True) as pilot:
        await offer(app_of(pilot), Rebuild("Balances"))
        await pilot.pause()
        await pilot.click("#agree")
        await sees(pilot, "✓ Balances is rebuilt")
        await pilot.click("#leave")
        await comes(pilot, lambda: not isinstance(pilot.app.screen, ActionDialog))


@scene
async def test_an_error_is_a_sentence() -> None:
    """What the engine refuses, however it is called: markup in a name stands there as it is written."""
    async with open_bank(None, monitor=True, admin=True), dashboard(rw=True) as pilot:
        for action, said in (
            (Checkpoint(), "✖ this engine saves no checkpoints"),
            (Release("Account", "[red]\x1b[31m[/]"), "Account/[red]\\x1b[31m[/] is not in quarantine"),
            (Rebuild("[b]nobody\u202e"), "'[b]nobody\\u202e'"),
        ):
            await offer(app_of(pilot), action)
            await pilot.press("y")
            await sees(pilot, said)
            assert "\x1b" not in seen(pilot.app)
            await pilot.press("n")


@scene
async def test_a_long_action_shows_how_far_it_is_and_goes_on_unseen(tmp_path: Path) -> None:
    """Its dialog may be closed; the outcome is told all the same."""
    with Conversation(ENGINE, tmp_path / "bank", sites.directory()) as engine:
        assert engine.first_line == "open"
        async with dashboard(tmp_path / "bank", rw=True) as pilot:
            await offer(app_of(pilot), Rebuild("Balances"))
            await pilot.press("y")
            await sees(pilot, "%")
            await pilot.press("n")
            await sees(pilot, "rebuild goes on")
            await sees(pilot, "Rebuild the view", "is rebuilt as of position", seconds=40)


@scene
async def test_the_engine_is_killed_while_it_acts(tmp_path: Path) -> None:
    """The dialog says that it is not known what came of it; another action waits until the engine is there again."""
    with Conversation(ENGINE, tmp_path / "bank", sites.directory()) as engine:
        async with dashboard(tmp_path / "bank", rw=True) as pilot:
            await offer(app_of(pilot), Rebuild("Balances"))
            await pilot.press("y")
            await sees(pilot, "%")
            engine.kill()
            await sees(pilot, "has ended", "not known")
            await pilot.press("n")
            await comes(pilot, lambda: app_of(pilot).lost)
            await offer(app_of(pilot), Rebuild("Balances"))
            await sees(pilot, "Nothing was done", "the engine is not there")


@scene
async def test_a_client_may_not_act_on_its_own() -> None:
    """That the dashboard asks is a courtesy; that the engine refuses is the rule."""
    async with open_bank(None, monitor=True), await attach(os.getpid()) as attached:
        with pytest.raises(Exception, match="admin=True"):
            await attached.ask(Rebuild("Balances"))


def test_every_action_has_its_words() -> None:
    """A question, what will happen, and what the button says."""
    from typing import get_args  # noqa: PLC0415

    from actum.monitor import Action  # noqa: PLC0415
    from actum_tui.top.deeds import deed_of  # noqa: PLC0415

    for kind in get_args(Action):
        given: Any = {"position": 7}
        action = kind(**{name: given.get(name, "x") for name in kind.__struct_fields__})
        deed = deed_of(action)
        assert deed.title.endswith("?")
        assert deed.sentence.endswith(".")
        assert deed.action is action
