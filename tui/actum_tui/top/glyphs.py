"""The drawn characters of the dashboard, for terminals that have them and for those that have only ASCII.

A sign always stands beside a word: it helps the eye, and nothing is said by it alone.
"""

from __future__ import annotations

import sys
from typing import NamedTuple


class Glyphs(NamedTuple):
    """Characters, each one cell wide.

    Attributes:
        bars: of a sparkline, from almost nothing to full.
        full: a filled cell of a gauge.
        parts: partly filled cells, from little to nearly full; none where a cell is full or not.
        empty: a cell of a gauge that is not filled.
        fine: all is well.
        warning: look at this.
        error: do something about this.
        up: more than before.
        down: less than before.
        none: no figure.
        cut: where a text was cut.
        rule: a line between parts.
    """

    bars: str
    full: str
    parts: str
    empty: str
    fine: str
    warning: str
    error: str
    up: str
    down: str
    none: str
    cut: str
    rule: str


UNICODE = Glyphs(
    bars="▁▂▃▄▅▆▇█",
    full="█",
    parts="▏▎▍▌▋▊▉",
    empty="░",
    fine="✓",
    warning="▲",
    error="✖",
    up="↑",
    down="↓",
    none="—",
    cut="…",
    rule="─",
)
ASCII = Glyphs(
    bars="_.:-=+*#",
    full="#",
    parts="",
    empty=".",
    fine="+",
    warning="!",
    error="X",
    up="+",
    down="-",
    none="-",
    cut="~",
    rule="-",
)


#: What figures are written with besides ASCII.
IN_ASCII = str.maketrans({"µ": "u", "—": "-", "…": "~", "↑": "+", "↓": "-"})


def glyphs_for(encoding: str | None) -> Glyphs:
    """Those that a terminal can show.

    Args:
        encoding: of the stream that leads to it; None if it has none.
    """
    try:
        "".join(UNICODE).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def terminal_glyphs() -> Glyphs:
    """Those of the terminal that the dashboard is drawn on: standard error, as it was when the process began."""
    return glyphs_for(getattr(sys.__stderr__, "encoding", None))


def shown_with(text: str, glyphs: Glyphs) -> str:
    """A figure, or a sentence of ours, in characters that the terminal has."""
    return text.translate(IN_ASCII) if glyphs is ASCII else text
