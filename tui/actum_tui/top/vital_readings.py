"""The figures of the storage and of the loop as lines and tiles show them, and why one is not known."""

from __future__ import annotations

from actum_tui.top.look import Look
from actum_tui.top.samples import Reader, Samples
from actum_tui.top.source import Kind
from actum_tui.top.vital_figures import Row
from actum_tui.top.widgets.figure_line import Shown
from actum_tui.top.widgets.sparkline import scale_end
from actum_tui.top.widgets.tile import Reading

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
    beside = f"p50 {row.figures[0].written(values[0])}" if number and values[0] is not None else ""
    return Reading(
        label=f"{row.name} p99" if number else row.name,
        value=figure.written(values[number]),
        beside=beside,
        level=level,
        word="" if level == "fine" else "high",
        samples=series.samples,
        seen=series.seen,
        scale=figure.written(scale_end(series.samples)),
    )


def why_unknown(row: Row, kind: Kind) -> str:
    """Why a row has no figures here, and how to get them."""
    if row.origin == "store":
        return "An engine in memory has no directory." if kind == "live" else "This was not recorded."
    if kind == "store":
        return ATTACH
    if kind == "recording":
        return "This was not recorded."
    return "It is measured from now on: in a moment." if row.origin == "vitals" else "In a moment."
