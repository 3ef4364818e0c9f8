"""Screen: Time machine."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from actum_tui.top.look import Look
from actum_tui.top.page import Page


class TimeMachinePage(Page):
    """Time machine."""

    TITLE_TEXT = "Time machine"

    def body(self) -> Iterable[Widget]:
        """What it shows."""
        yield Static("Time machine")

    def show(self, look: Look) -> None:
        """Show a moment."""

    def open(self, aggregate: str, key: str) -> None:
        """Go to an aggregate."""
