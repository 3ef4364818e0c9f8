"""Screen: Actors."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from actum_tui.top.look import Look
from actum_tui.top.page import Page


class ActorsPage(Page):
    """Actors."""

    TITLE_TEXT = "Actors"

    def body(self) -> Iterable[Widget]:
        """What it shows."""
        yield Static("Actors")

    def show(self, look: Look) -> None:
        """Show a moment."""
