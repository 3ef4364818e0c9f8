"""A state with its changes, line by line."""

from __future__ import annotations

import pytest
from actum_tui.top.difference import Line, Run
from actum_tui.top.glyphs import UNICODE
from actum_tui.top.widgets.state_pane import state_line, value_text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (Line(("balance",), "", 1234), "  balance   1,234"),
        (Line(("balance",), "~", 30, 50), "~ balance   30  was 50"),
        (Line(("note",), "+", None), "+ note      null"),
        (Line(("note",), "-", "gone"), "- note      gone"),
        (Line(("all", Run(0, 9, 10)), "", []), "  all.0..…  10 unchanged"),
        (Line(("note",), "~", "\x1b[red]", ""), '~ note      \\x1b[red]  was ""'),
    ],
)
def test_lines(line: Line, text: str) -> None:
    """Sign, name, value, old value."""
    assert state_line(line, 8, 40, UNICODE).plain.rstrip() == text


@pytest.mark.parametrize("width", [10, 20, 33, 80])
def test_a_line_fits(width: int) -> None:
    """Whatever is in it."""
    long = Line(("name" * 20,), "~", "new " * 50, "old " * 50)

    assert state_line(long, int(width * 0.45), width, UNICODE).cell_length <= width


def test_values_that_could_be_taken_for_each_other() -> None:
    """Nothing, an empty text, a text that says nothing."""
    values: list[object] = [None, "", 0, False, [], {}]

    assert [value_text(value) for value in values] == ["null", '""', "0", "no", "[]", "{}"]
    assert value_text(list(range(501))) == "501 items"
