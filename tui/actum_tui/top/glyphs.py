"""The drawn characters of the dashboard, for terminals that have them and for those that have only ASCII.

A sign always stands beside a word: it helps the eye, and nothing is said by it alone.
"""

from __future__ import annotations

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
)


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
