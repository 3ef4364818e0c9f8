"""Screen: Overview."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from actum_tui.top.look import Look
from actum_tui.top.page import Page


class OverviewPage(Page):
    """Overview."""

    TITLE_TEXT = "Overview"

    def body(self) -> Iterable[Widget]:
        """What it shows."""
        yield Static("Overview")

    def show(self, look: Look) -> None:
        """Show a moment."""
