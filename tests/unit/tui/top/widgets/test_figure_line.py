"""Lines of figures at every width."""

from __future__ import annotations

import pytest
from actum_tui.top.glyphs import ASCII, UNICODE
from actum_tui.top.widgets.figure_line import Shown, heading_content, line_content
from rich.cells import cell_len

TIMES = Shown(("835 µs", "3.17 ms", "12.5 ms"), samples=(1.0, 2.0, 4.0), seen=3)


def line(shown: Shown, width: int) -> str:
    """As text."""
    return line_content("commit", shown, UNICODE, 10, width).plain


def test_three_figures() -> None:
    """Right below their heading; the last minutes where there is room."""
    assert heading_content("Commits", ("p50", "p99", "max"), UNICODE, 38).plain == (
        " Commits            p50    p99    max "
    )
    assert line(TIMES, 38) == " commit           835µs 3.17ms 12.5ms"
    assert line(TIMES, 60) == " commit           835 µs 3.17 ms 12.5 ms" + "▂▃▆".rjust(20)
    assert line(TIMES, 80).startswith(" commit             835 µs   3.17 ms   12.5 ms")


def test_a_bar_and_a_missing_figure() -> None:
    """A bar has the rest of the line; what is not known is a dash."""
    assert line(Shown(("50 %",), share=0.5), 40) == " commit             50 %  ███████░░░░░░░"
    assert line(Shown(("",)), 40).rstrip() == " commit                —"


def test_what_is_not_well_has_a_sign() -> None:
    """Also without colour."""
    assert line(TIMES._replace(level="error"), 40).startswith("✖commit")
    assert line_content("commit", TIMES._replace(level="warning"), ASCII, 10, 40).plain.startswith("!commit")
    assert "us" in line_content("commit", TIMES, ASCII, 10, 40).plain


@pytest.mark.parametrize("width", [0, 10, 38, 40, 64, 120])
def test_headings_have_their_width(width: int) -> None:
    """With and without columns."""
    assert cell_len(heading_content("Log", (), UNICODE, width).plain) >= min(width, 5)
    assert cell_len(heading_content("Log", (), UNICODE, width).plain) <= max(width, 6)
