"""A sparkline as text: some samples, oldest first, as columns on a scale that begins at 0.

Several samples share a column when there are more of them than columns; its highest is shown, so that no peak is lost.
Columns are counted from the first sample there ever was: they stand still and move on together, they don't shimmer.
While there are few samples each has a column of its own, so that there is something to see from the beginning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from actum_tui.top.glyphs import Glyphs

#: The ends of scales: these times a power of ten.
STEPS = (1.0, 2.0, 5.0, 10.0)
#: Braille: a cell has two columns of four dots; which bits so many dots of a column are, from below.
DOTS = 4
BLANK = 0x2800
LEFT = (0x00, 0x40, 0x44, 0x46, 0x47)
RIGHT = (0x00, 0x80, 0xA0, 0xB0, 0xB8)


def columns(samples: Sequence[float], seen: int, width: int, window: int) -> list[float]:
    """The highest sample of each column, oldest first; fewer than `width` as long as there are not enough samples.

    Args:
        samples: those that are kept.
        seen: how many there have ever been.
        width: columns.
        window: samples that the columns shall hold together, at least, as soon as there are so many.
    """
    if width <= 0 or not samples:
        return []
    share = max(1, math.ceil(min(window, seen) / width))
    first = seen - len(samples)
    highest: dict[int, float] = {}
    for number, sample in enumerate(samples, first):
        column = number // share
        highest[column] = max(sample, highest.get(column, 0.0))
    return list(highest.values())[-width:]


def scale_end(samples: Sequence[float]) -> float:
    """A round number that no sample is above; 0 if all are 0."""
    highest = max(samples, default=0.0)
    if highest <= 0 or not math.isfinite(highest):
        return 0.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next((step * power for step in STEPS if step * power >= highest * (1 - 1e-9)), highest)


def lines(heights: Sequence[float], end: float, width: int, height: int, glyphs: Glyphs) -> list[str]:
    """The columns drawn in so many lines, the newest at the right, from the top line to the bottom one.

    What is above 0 is seen however small it is.

    Args:
        heights: of the columns.
        end: the scale's; what is above is cut there.
        width: cells of each line.
        height: lines.
        glyphs: to draw with.
    """
    bars = glyphs.bars
    levels = [level_of(each, end, len(bars) * height) for each in heights[-width:]] if width > 0 else []
    drawn: list[str] = []
    for line in range(height - 1, -1, -1):
        below = line * len(bars)
        cells = [" " if level <= below else bars[min(level - below, len(bars)) - 1] for level in levels]
        drawn.append("".join(cells).rjust(max(0, width)))
    return drawn


def area(heights: Sequence[float], end: float, width: int, height: int) -> list[str]:
    """The columns drawn in dots, two columns and four levels a cell: finer than `lines`, for a chart of several lines.

    Args:
        heights: of the columns; two fit into a cell.
        end: the scale's; what is above is cut there.
        width: cells of each line.
        height: lines.
    """
    levels = [level_of(each, end, DOTS * height) for each in heights[-2 * width :]] if width > 0 else []
    levels = [0] * (2 * width - len(levels)) + levels
    drawn: list[str] = []
    for line in range(height - 1, -1, -1):
        below = line * DOTS
        cells: list[str] = []
        for left, right in zip(levels[::2], levels[1::2], strict=True):
            dots = LEFT[min(max(left - below, 0), DOTS)] | RIGHT[min(max(right - below, 0), DOTS)]
            cells.append(chr(BLANK + dots) if dots else " ")
        drawn.append("".join(cells))
    return drawn


def level_of(value: float, end: float, levels: int) -> int:
    """How many of the levels are filled."""
    if end <= 0 or not value > 0:
        return 0
    return max(1, round(min(1.0, value / end) * levels))
