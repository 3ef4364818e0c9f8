"""All that a person sees in a terminal: the `actum` command and the dashboard."""

from actum_tui.entry import main

__all__ = ["main"]
