"""Screen: Processes and deadlines."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from actum_tui.top.look import Look
from actum_tui.top.page import Page


class ProcessesPage(Page):
    """Processes and deadlines."""

    TITLE_TEXT = "Processes and deadlines"

    def body(self) -> Iterable[Widget]:
        """What it shows."""
        yield Static("Processes and deadlines")

    def show(self, look: Look) -> None:
        """Show a moment."""
