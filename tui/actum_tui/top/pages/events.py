"""Screen: Events."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from actum_tui.top.look import Look
from actum_tui.top.page import Page


class EventsPage(Page):
    """Events."""

    TITLE_TEXT = "Events"

    def body(self) -> Iterable[Widget]:
        """What it shows."""
        yield Static("Events")

    def show(self, look: Look) -> None:
        """Show a moment."""
