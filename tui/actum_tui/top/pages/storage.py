"""Screen: Storage and loop."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from actum_tui.top.look import Look
from actum_tui.top.page import Page


class StoragePage(Page):
    """Storage and loop."""

    TITLE_TEXT = "Storage and loop"

    def body(self) -> Iterable[Widget]:
        """What it shows."""
        yield Static("Storage and loop")

    def show(self, look: Look) -> None:
        """Show a moment."""
