"""A bar that is filled as far as something has come, or is used up; the share stands beside it in figures."""

from __future__ import annotations

from actum_tui.top.glyphs import Glyphs

HUNDRED = 100


def gauge(share: float, width: int, glyphs: Glyphs) -> str:
    """A bar of so many cells; what has begun is seen, and only what is whole looks so.

    Args:
        share: 0 to 1; what is outside is taken for the end that it is beyond.
        width: cells.
        glyphs: to draw with.
    """
    if width <= 0:
        return ""
    share = min(1.0, max(0.0, share))
    steps = len(glyphs.parts) + 1
    filled = round(share * width * steps)
    if share > 0:
        filled = max(1, filled)
    if share < 1:
        filled = min(filled, width * steps - 1)
    whole, part = divmod(filled, steps)
    drawn = glyphs.full * whole + (glyphs.parts[part - 1] if part else "")
    return drawn + glyphs.empty * (width - len(drawn))


def percent(share: float) -> str:
    """A share for people: `0 %` only for none and `100 %` only for all of it."""
    share = min(1.0, max(0.0, share))
    if 0 < share < 0.01:  # noqa: PLR2004  # a hundredth is 1 %
        return "<1 %"
    return f"{min(99, round(share * HUNDRED)) if share < 1 else HUNDRED} %"
