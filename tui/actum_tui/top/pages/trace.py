"""Screen: Trace."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from actum_tui.top.look import Look
from actum_tui.top.page import Page


class TracePage(Page):
    """Trace."""

    TITLE_TEXT = "Trace"

    def body(self) -> Iterable[Widget]:
        """What it shows."""
        yield Static("Trace")

    def show(self, look: Look) -> None:
        """Show a moment."""

    def open(self, correlation_id: str) -> None:
        """Go to all that belongs together."""
