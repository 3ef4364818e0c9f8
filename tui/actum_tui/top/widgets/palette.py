"""Everything that can be done, by name: Textual's palette, which must not be paged while its list has no place."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.command import CommandList, CommandPalette


class Palette(CommandPalette):
    """The command palette; in a terminal of a few lines its list may have none of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "page('page_down')", "Next page", show=False),
        Binding("pageup", "page('page_up')", "Previous page", show=False),
    ]

    async def action_page(self, way: str) -> None:
        """Move the cursor by a page: a list that has not been laid out would raise."""
        if self.query_one(CommandList).scrollable_content_region.area:
            await self.run_action(f"command_list('{way}')")
