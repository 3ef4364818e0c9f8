"""What is on the screen as a picture: SVG that is the same for the same screen, and loads nothing from elsewhere."""

from __future__ import annotations

import re

#: Rich's SVG names a font that a browser would load from a server somewhere, and its classes by a checksum of all.
FONT = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)
NAME = re.compile(r"terminal-\d+")
FAMILY = "font-family: Fira Code, monospace"
FAMILIES = 'font-family: "Fira Code", "DejaVu Sans Mono", Menlo, Consolas, monospace'


def picture_of(svg: str) -> str:
    """The same picture without a font from elsewhere, and with names that stay.

    Args:
        svg: as `App.export_screenshot` makes it.
    """
    return NAME.sub("terminal", FONT.sub("\n", svg)).replace(FAMILY, FAMILIES).rstrip() + "\n"
