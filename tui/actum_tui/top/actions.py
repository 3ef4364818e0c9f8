"""Doing something to the engine from the dashboard: it is asked first, then seen at work, then told what came of it.

A screen calls `offer`. Without `--rw`, or if the engine takes no actions, that says why instead. What was begun goes on
if the dialog is closed; its outcome is told all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, cast

from actum import ActumError
from actum.monitor import Action, ActionDone, Detached
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, ProgressBar, Static

from actum_tui.safe_text import safe_lines, safe_text
from actum_tui.top.deeds import Deed, deed_of, reason_against
from actum_tui.top.source import Unavailable

if TYPE_CHECKING:
    from actum_tui.top.app import Dashboard

Step: TypeAlias = Literal["asking", "working", "told"]
#: How long what came of an action is shown when its dialog was closed.
TOLD_SECONDS = 15.0


async def offer(dashboard: Dashboard, action: Action) -> None:
    """Ask whether an action shall be done, and do it; or say why it can't be."""
    deed = deed_of(action)
    source = dashboard.source
    reason = reason_against(deed.verb, source.kind, source.hello, writes=dashboard.rw)
    if not reason and dashboard.lost is not None:
        reason = f"the engine is not there: {dashboard.lost}"
    if reason:
        dashboard.notify(safe_text(reason), title="Nothing was done", severity="warning", markup=False, timeout=10)
        return
    await dashboard.push_screen(ActionDialog(deed))


class ActionDialog(ModalScreen[None]):
    """One action: agreed to, at work, done.

    Attributes:
        deed: what it is.
        step: where it is.
    """

    DEFAULT_CSS = """
    ActionDialog { align: center middle; }
    ActionDialog #deed {
        width: 72; max-width: 95%; height: auto; max-height: 90%;
        padding: 1 2; border: round $warning; background: $surface; border-title-style: bold;
    }
    ActionDialog.told #deed { border: round $success; }
    ActionDialog.told.badly #deed { border: round $error; }
    ActionDialog #sentence { height: auto; margin-bottom: 1; }
    ActionDialog #progress { display: none; height: 1; }
    ActionDialog.working #progress { display: block; }
    ActionDialog #outcome { height: auto; display: none; margin-bottom: 1; }
    ActionDialog.told #outcome { display: block; }
    ActionDialog #buttons { height: auto; align-horizontal: right; }
    ActionDialog #buttons Button { margin-left: 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "agree", "Do it"),
        Binding("n,escape", "leave", "Leave it"),
        Binding("left,right,up,down", "app.focus_next", show=False),
    ]

    def __init__(self, deed: Deed) -> None:
        """Asking."""
        super().__init__()
        self.deed = deed
        self.step: Step = "asking"
        self._left = False

    @property
    def dashboard(self) -> Dashboard:
        """The application."""
        return cast("Dashboard", self.app)  # pyright: ignore[reportUnknownMemberType]  # Textual says App[Unknown]

    def compose(self) -> ComposeResult:
        """What will happen, how far it is, what has come of it, and the buttons."""
        with Vertical(id="deed"):
            yield Static(Text(self.deed.sentence), id="sentence")
            yield ProgressBar(id="progress", show_eta=True)
            yield Static("", id="outcome", markup=False)
            with Horizontal(id="buttons"):
                yield Button(f"(y) {self.deed.verb.capitalize()}", id="agree", variant="warning", compact=True)
                yield Button("(n) Leave it", id="leave", compact=True)

    def on_mount(self) -> None:
        """What changes nothing is what enter does, unless somebody chooses something else."""
        self.query_one("#deed").border_title = Text(safe_text(self.deed.title)).markup
        self.query_one("#leave").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """As the keys."""
        event.stop()
        if event.button.id == "agree":
            self.action_agree()
        else:
            self.action_leave()

    def action_agree(self) -> None:
        """Do it: in a task of the application, so that closing this changes nothing."""
        if self.step != "asking":
            return
        self._go("working")
        self.query_one("#leave", Button).label = "(n) Close"
        self.query_one("#agree").display = False
        work = cast("Callable[[], None]", self._do)
        self.dashboard.run_worker(work, name=f"action {type(self.deed.action).__name__}", exit_on_error=False)

    def action_leave(self) -> None:
        """Close."""
        if self.step == "working":
            self.dashboard.notify(f"{self.deed.verb} goes on; you will be told what comes of it", markup=False)
        self._left = True
        self.dismiss()  # type: ignore[unused-awaitable]  # a screen must not wait for its own end

    def _go(self, step: Step) -> None:
        """It is there now."""
        self.step = step
        self.set_class(step == "working", "working")
        self.set_class(step == "told", "told")

    async def _do(self) -> None:
        """Do it, and tell what has come of it, here or where the dialog was."""
        dashboard = self.dashboard
        outcome = await outcome_of(dashboard, self.deed, self._progress)
        if self._left:
            dashboard.notify(
                safe_text(outcome.message),
                title=safe_text(self.deed.title.removesuffix("?")),
                severity="information" if outcome.well else "error",
                timeout=TOLD_SECONDS,
                markup=False,
            )
            return
        self._go("told")
        self.set_class(not outcome.well, "badly")
        sign = Text("✓ ", style="bold green") if outcome.well else Text("✖ ", style="bold red")
        self.query_one("#outcome", Static).update(Text.assemble(sign, safe_lines(outcome.message)))

    def _progress(self, done: int, whole: int) -> None:
        """So much of so much is done."""
        if not self._left:
            self.query_one("#progress", ProgressBar).update(progress=done, total=max(whole, 1))


async def outcome_of(dashboard: Dashboard, deed: Deed, progress: Callable[[int, int], None]) -> ActionDone:
    """Have the engine do something; whatever comes of it is a sentence."""
    try:
        answer = await dashboard.source.ask(deed.action, progress)
    except Detached as error:
        return ActionDone(
            f"{error}: whether it did this before that is not known; look again when it is back", well=False
        )
    except (ActumError, Unavailable) as error:
        return ActionDone(str(error), well=False)
    if not isinstance(answer, ActionDone):
        return ActionDone(f"the engine answered with {type(answer).__name__}, which is no outcome", well=False)
    return answer
