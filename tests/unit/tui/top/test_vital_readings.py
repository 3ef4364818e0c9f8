"""Figures as tiles and lines, and why one is not known."""

from __future__ import annotations

import pytest
from actum.monitor import Frame
from actum_tui.top.look import Look
from actum_tui.top.overview_rows import FIRST
from actum_tui.top.samples import Samples
from actum_tui.top.vital_readings import change, readers, rounded, shown_row, tile_of, why_unknown
from actum_tui.top.vital_rows import ROWS

from tests.unit.tui.top.test_vital_rows import STORE, VITALS, row

LOOK = Look(None, Frame(time_ns=1, monotonic_ns=1, vitals=VITALS, store=STORE))


def filled() -> Samples:
    """With one frame."""
    samples = Samples(readers((*ROWS, *FIRST)))
    samples.catch_up([LOOK.now])
    return samples


def test_a_tile_of_three_figures() -> None:
    """p99 is large, p50 beside it; in little room both are short."""
    tile = tile_of(row("commit"), LOOK, filled())
    assert (tile.label, tile.value, tile.beside) == ("commit p99", "60.0 ms", "p50 1.00 ms")
    assert (tile.level, tile.word, tile.scale) == ("warning", "high", "100 ms")
    assert (tile.narrow_label, tile.narrow_value, tile.narrow_beside) == ("commit p99 p50", "60.0ms", "1.00ms")
    assert (tile.samples, tile.seen) == ((0.06,), 1)


def test_a_tile_of_what_is_not_known() -> None:
    """No figure, no scale, nothing to worry about."""
    tile = tile_of(FIRST[0], LOOK, filled())
    assert (tile.value, tile.beside, tile.scale, tile.level) == ("", "", "", "fine")


def test_lines() -> None:
    """A bar for a part of a whole; the last minutes for what is drawn; nothing else for the others."""
    samples = filled()
    assert shown_row(row("map use"), LOOK, samples).share == 0.05
    assert shown_row(row("memory"), LOOK, samples).samples == (1_000.0,)
    assert shown_row(row("readers"), LOOK, samples).samples == ()
    assert shown_row(row("loop lag"), LOOK, samples).values == ("0 s", "200 ms", "300 ms")


@pytest.mark.parametrize(
    ("samples", "text"),
    [((), ""), ((5,), ""), ((0, 7), ""), ((10, 10.1), ""), ((10, 12), "↑20 %"), ((10, 5), "↓50 %"), ((1, 5_000), "↑")],
)
def test_changes(samples: tuple[float, ...], text: str) -> None:
    """Against what was usual."""
    assert change(samples) == text


def test_round_figures() -> None:
    """Without the zeros behind the point."""
    assert [rounded(text) for text in ("5.00 ms", "0.20", "20.0k", "100")] == ["5 ms", "0.20", "20k", "100"]


def test_why_unknown() -> None:
    """And how to get it."""
    assert "monitor=True" in why_unknown(row("CPU"), "store")
    assert "recorded" in why_unknown(row("CPU"), "recording")
    assert "moment" in why_unknown(row("commits/s"), "live")
    assert "memory" in why_unknown(row("log"), "live")
