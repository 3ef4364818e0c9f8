"""The figures of the storage and of the loop as lines and tiles show them, and why one is not known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actum_tui.top.look import Look
from actum_tui.top.samples import Reader, Samples
from actum_tui.top.source import Kind
from actum_tui.top.vital_figures import Figure, Row
from actum_tui.top.widgets.figure_line import Shown
from actum_tui.top.widgets.sparkline import scale_end
from actum_tui.top.widgets.tile import Reading

#: Smaller changes are not worth a figure, and larger ones are none that one reads.
CHANGE_MIN = 0.03
CHANGE_MAX = 9.995
ATTACH = (
    "A directory alone does not say this. Open the engine with Engine.open(..., monitor=True), then actum ps lists it,"
    " and actum top NAME shows it."
)


def readers(rows: tuple[Row, ...]) -> dict[str, Reader]:
    """What sparklines are drawn of, by key."""
    drawn = [row.figures[row.drawn] for row in rows if row.drawn is not None and not row.gauge]
    return {figure.key: figure.read for figure in drawn}


def shown_row(row: Row, look: Look, samples: Samples) -> Shown:
    """A row as a line."""
    values = tuple(figure.read(look) for figure in row.figures)
    written = tuple(figure.written(value) for figure, value in zip(row.figures, values, strict=True))
    if row.gauge:
        return Shown(written, row.level(values), share=values[0])
    if row.drawn is None:
        return Shown(written, row.level(values))
    return Shown(written, row.level(values), *samples.of(row.figures[row.drawn].key))


def tile_of(row: Row, look: Look, samples: Samples) -> Reading:
    """A row as a tile: the figure that is drawn, and p50 beside p99."""
    number = row.drawn or 0
    figure = row.figures[number]
    values = tuple(each.read(look) for each in row.figures)
    level = row.level(values)
    series = samples.of(figure.key)
    end = scale_end(series.samples)
    beside = change(series.samples) if figure.unit == "per second" else ""
    beside = f"p50 {row.figures[0].written(values[0])}" if number and values[0] is not None else beside
    return Reading(
        label=f"{row.name} p99" if number else row.name,
        value=figure.written(values[number]),
        beside=beside,
        level=level,
        word="" if level == "fine" else "high",
        samples=series.samples,
        seen=series.seen,
        narrow_label=f"{row.short or row.name} p99 p50" if number else row.short,
        narrow_value=compact(figure, values[number]) if number else "",
        narrow_beside=compact(row.figures[0], values[0]) if number else "",
        scale=rounded(figure.written(end)) if end else "",
    )


def compact(figure: Figure, value: float | None) -> str:
    """A value without blanks."""
    return figure.written(value).replace(" ", "")


def change(samples: Sequence[float]) -> str:
    """How the last sample compares with those before it: `↑12 %`; nothing if there is little to say."""
    usual = sum(samples[:-1]) / len(samples[:-1]) if len(samples) > 1 else 0.0
    if usual <= 0:
        return ""
    changed = samples[-1] / usual - 1
    if abs(changed) < CHANGE_MIN:
        return ""
    return f"{'↑' if changed > 0 else '↓'}{abs(changed) * 100:.0f} %" if changed < CHANGE_MAX else "↑"


def rounded(text: str) -> str:
    """A round figure without the zeros behind its point: `5.00 ms` as `5 ms`."""
    return re.sub(r"\.0+(?!\d)", "", text)


def why_unknown(row: Row, kind: Kind) -> str:
    """Why a row has no figures here, and how to get them."""
    if row.origin == "store":
        return "An engine in memory has no directory." if kind == "live" else "This was not recorded."
    if kind == "store":
        return ATTACH
    if kind == "recording":
        return "This was not recorded."
    return "It is measured from now on: in a moment." if row.origin == "vitals" else "In a moment."
