"""The views of what is looked at, one below the other: how many rows, how far behind, how well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from actum_tui.safe_text import safe_text
from actum_tui.top.figures import amount
from actum_tui.top.widgets.tile import MUTED, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actum_tui.top.glyphs import Glyphs
    from actum_tui.top.view_facts import ViewFacts

STYLES = {"fine": "$text-success", "warning": "$text-warning", "error": "bold $text-error"}


class ViewList(OptionList):
    """One entry of two lines for each view."""

    DEFAULT_CSS = """
    ViewList:focus { border: none; }
    ViewList { width: 26; height: 1fr; border: none; padding: 0; background: $surface; scrollbar-size-vertical: 1; }
    """

    class Picked(Message):
        """Another view is wanted.

        Attributes:
            name: its name.
        """

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, glyphs: Glyphs) -> None:
        """Without views."""
        super().__init__(id="views")
        self._glyphs = glyphs
        self._shown: list[ViewFacts] = []
        self._picked: str | None = None

    def show(self, views: Sequence[ViewFacts], picked: str | None) -> None:
        """Show these; what has not changed is left alone."""
        names = [view.name for view in views]
        if names != [view.name for view in self._shown]:
            self.clear_options()
            self.add_options(Option(self._entry(view), id=str(number)) for number, view in enumerate(views))
        else:
            for number, (before, view) in enumerate(zip(self._shown, views, strict=True)):
                if before != view:
                    self.replace_option_prompt_at_index(number, self._entry(view))
        self._shown, self._picked = list(views), picked
        if picked in names and self.highlighted != names.index(picked):
            self.highlighted = names.index(picked)

    def _entry(self, view: ViewFacts) -> Content:
        """Two lines."""
        width = max(8, (self.size.width or 26) - 2)
        sign = {"fine": self._glyphs.fine, "warning": self._glyphs.warning, "error": self._glyphs.error}[view.level]
        known = view.rows is not None
        name = cut(safe_text(view.name), width - 2, self._glyphs)
        facts = f"{amount(view.rows or 0)} rows" if known else "rows not counted"
        head = Content.assemble((f"{sign} " if known else "  ", STYLES[view.level]), name)
        state = "" if view.level == "fine" else f" {view.state}"
        lag = f", lag {amount(view.lag)}" if view.lag else ""
        return Content("\n").join(
            [head, Content.assemble(("  " + facts, MUTED), (lag + state, MUTED if not state else STYLES[view.level]))]
        )

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The cursor picks; what was picked for it, or is not picked any more, is no news."""
        event.stop()
        if event.option_index != self.highlighted or event.option_index >= len(self._shown):
            return
        name = self._shown[event.option_index].name
        if name != self._picked:
            self.post_message(self.Picked(name))
