"""Charts as pictures, by matplotlib: SVG for pages, PNG for everything else. Nothing is shown and no global is touched.

Lines differ by marker and dash, bars by hatching, so that no picture needs its colours. Ink, paper and grid are three
fixed colours, which the page replaces by its own (`inline_svg`), so that pictures follow it into the dark.
"""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from html import escape
from io import BytesIO, StringIO
from typing import Any
from zlib import crc32

from actum_bench.amounts import amount
from actum_bench.extras import imported
from actum_bench.report.shapes import Bars, Chart, Lines, Marks

INK, PAPER, GRID = "#1a1a1b", "#fdfdfe", "#d0d0d1"
#: Colours that differ also for the colour-blind (Okabe and Ito), as dark as text on white has to be.
COLOURS = ("#0072b2", "#b3520a", "#007a5a", "#9c4f85", "#6b5b00", "#4a4a4b")
#: What stands in a page in their place.
PAGE_COLOURS = {INK: "currentColor", PAPER: "var(--paper)", GRID: "var(--grid)"} | {
    colour: f"var(--line-{number})" for number, colour in enumerate(COLOURS)
}
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
WIDTH_INCHES = 8.0
LINES_HEIGHT_INCHES = 4.4
ROW_HEIGHT_INCHES = 0.42
FRAME_HEIGHT_INCHES = 1.3
DOTS_PER_INCH = 120
#: Colours of a PNG file: six, three fixed ones, and what lies between them at the edges of letters.
PALETTE = 64
TITLE_CHARACTERS = 88
LABEL_CHARACTERS = 52
GOAL_CHARACTERS = 64
#: Percentiles that are written at the axis, as one in so many.
PERCENTILES = {
    1: "0",
    2: "50",
    10: "90",
    100: "99",
    1_000: "99.9",
    10_000: "99.99",
    100_000: "99.999",
    10**6: "99.9999",
}
#: What says in an SVG file where something lies.
PLACES = re.compile(r'\b(?:d|x|y|width|height|transform)="[^"]*"')

#: A scale over less than this many times has 2 and 5 written too.
DECADES_FEW = 40
#: Numbers below a scale are at least this share of it apart.
NEAREST_SHARE = 0.1
#: The share of a scale that is kept free for words to the right.
WORDS_SHARE = 0.22

#: Text stays text; names in the file depend on nothing but the picture.
SETTINGS = {
    "svg.fonttype": "none", "svg.hashsalt": "actum", "font.family": "DejaVu Sans", "font.size": 9.5,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.facecolor": PAPER, "figure.facecolor": PAPER, "savefig.facecolor": PAPER, "legend.facecolor": PAPER,
    "legend.edgecolor": GRID, "grid.color": GRID, "hatch.linewidth": 1.2, "text.parse_math": False,
}  # fmt: skip


def files_of(chart: Chart) -> tuple[str, bytes]:
    """A picture as an SVG file and as a PNG file."""
    with settings():
        figure = drawn(chart)
        vector, raster = StringIO(), BytesIO()
        figure.savefig(vector, format="svg", metadata={"Date": None, "Title": chart.title})
        figure.savefig(raster, format="png", dpi=DOTS_PER_INCH)
    return lean(vector.getvalue()), small(raster)


def lean(vector: str) -> str:
    """An SVG file without blanks around lines and with places to a hundredth of a point."""
    vector = re.sub(r"^[ \t]+|[ \t]+$", "", vector, flags=re.MULTILINE)
    return PLACES.sub(lambda match: re.sub(r"(\.\d\d)\d+", r"\1", match[0]), vector)


def small(raster: BytesIO) -> bytes:
    """A PNG file with a palette: a third of the size, and nobody sees the difference."""
    made = BytesIO()
    imported("PIL.Image").open(raster).convert("RGB").quantize(PALETTE).save(made, format="png", optimize=True)
    return made.getvalue()


@contextmanager
def settings() -> Generator[None]:
    """Matplotlib's settings, for the time of one picture; a script that its font lacks is shown as boxes."""
    with imported("matplotlib").rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")
        yield


def inline_svg(chart: Chart, file: str) -> str:
    """The picture as a part of a page: in the page's colours, with a title and a description that are read aloud.

    Args:
        chart: what it shows.
        file: the picture as an SVG file.
    """
    body = file[file.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*|<style [^>]*>.*?</style>\s*", "", body, flags=re.DOTALL)
    for colour, name in PAGE_COLOURS.items():
        body = body.replace(colour, name)
    short = f"c{crc32(chart.name.encode()):08x}"  # it stands before hundreds of names
    body = re.sub(r'\b(id="|xlink:href="#|href="#|url\(#)', rf"\g<1>{short}-", body)
    head = body[: body.index(">") + 1]
    box = re.search(r'viewBox="[^"]*"', head)
    named = (
        f'<svg {box[0] if box else ""} xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'role="img" aria-labelledby="{short}-title {short}-words">'
        f'<title id="{short}-title">{escape(chart.title)}</title>'
        f'<desc id="{short}-words">{escape(chart.alternative)}</desc>'
    )
    return named + body[len(head) :]


def drawn(chart: Chart) -> Any:  # noqa: ANN401  # a matplotlib Figure, which comes with the extra
    """The chart as a figure without any display; called within `settings`."""
    figure_type = imported("matplotlib.figure").Figure
    rows = 0 if isinstance(chart, Lines) else len(chart.bars if isinstance(chart, Bars) else chart.marks)
    height = LINES_HEIGHT_INCHES if isinstance(chart, Lines) else FRAME_HEIGHT_INCHES + ROW_HEIGHT_INCHES * rows
    figure = figure_type(figsize=(WIDTH_INCHES, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    figure.suptitle(
        fitted(chart.title, TITLE_CHARACTERS, 3), x=0.01, horizontalalignment="left", fontsize=10.5, weight="bold"
    )
    match chart:
        case Lines():
            draw_lines(figure, axes, chart)
        case Bars():
            draw_bars(axes, chart)
        case Marks():
            draw_marks(axes, chart)
    return figure


def draw_lines(figure: Any, axes: Any, chart: Lines) -> None:  # noqa: ANN401
    """Curves, with a bar from the smallest to the largest sample where there are several."""
    for number, line in enumerate(chart.series):
        colour = COLOURS[number % len(COLOURS)]
        dash = DASHES[number % len(DASHES)]
        marker = MARKERS[number % len(MARKERS)]
        smooth = chart.x_scale == "percentile"
        axes.plot(
            [dot.x for dot in line.dots],
            [dot.y for dot in line.dots],
            color=colour,
            linestyle=dash,
            linewidth=1.6,
            label=fitted(line.label, LABEL_CHARACTERS, 2),
            marker=marker,
            markersize=4 if smooth else 6,
            markevery=8 if smooth else 1,
            markerfacecolor=colour,
        )
        for dot in line.dots:
            if dot.high > dot.low:
                axes.plot([dot.x, dot.x], [dot.low, dot.high], color=colour, linewidth=1.2, alpha=0.6)
            if dot.hollow:
                axes.plot([dot.x], [dot.y], color=colour, marker=marker, markersize=6, markerfacecolor=PAPER)
            if dot.words:
                beside = [other for line in chart.series for other in line.dots if other.x == dot.x]
                on_top = dot.y >= max(other.y for other in beside)
                axes.annotate(
                    dot.words,
                    (dot.x, dot.high if on_top else min(other.low for other in beside)),
                    xytext=(0, 7 if on_top else -7),
                    textcoords="offset points",
                    horizontalalignment="center",
                    verticalalignment="bottom" if on_top else "top",
                )
    set_scales(axes, chart)
    axes.set_xlabel(fitted(chart.x_label, LABEL_CHARACTERS, 1))
    axes.set_ylabel(fitted(chart.y_label, LABEL_CHARACTERS, 1))
    axes.grid(visible=True, linewidth=0.6)
    columns = 1 if len(chart.series) == 1 else 2
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, handlelength=4)


def set_scales(axes: Any, chart: Lines) -> None:  # noqa: ANN401
    """Scales and what is written at them."""
    ticker = imported("matplotlib.ticker")
    xs = [dot.x for line in chart.series for dot in line.dots]
    axes.margins(y=0.12)
    if chart.y_scale == "log":
        values = [value for line in chart.series for dot in line.dots for value in (dot.low, dot.high) if value > 0]
        set_log_scale(axes, "y", max(values) / min(values))
    else:
        axes.set_ylim(0, 1.12 * max(dot.high for line in chart.series for dot in line.dots))
    set_words(axes.yaxis, lambda value: amount(value, chart.y_unit) if value else "0")
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    if chart.x_scale == "percentile":
        shown = {place: text for place, text in PERCENTILES.items() if place <= max(xs)}
        axes.set_xticks(list(shown), [f"{text} %" for text in shown.values()])
    else:
        places = apart(sorted(set(xs)))
        axes.set_xticks(places, [f"{place:,.0f}" for place in places])


def set_log_scale(axes: Any, which: str, span: float) -> None:  # noqa: ANN401
    """A logarithmic scale with numbers enough: where it holds few powers of ten, also at 2 and 5."""
    ticker = imported("matplotlib.ticker")
    axes.set(**{f"{which}scale": "log"})
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if span < DECADES_FEW else (1,)))
    axis.set_minor_formatter(ticker.NullFormatter())


def set_words(axis: Any, words: Callable[[float], str]) -> None:  # noqa: ANN401
    """How numbers are written beside a scale."""

    def written(value: float, _position: object) -> str:
        return words(value)

    axis.set_major_formatter(imported("matplotlib.ticker").FuncFormatter(written))


def fitted(text: str, width: int, lines: int) -> str:
    """The text in at most so many lines; what does not fit is left out, and that is shown."""
    return "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder=" …"))


def apart(places: list[float]) -> list[float]:
    """The places on a logarithmic scale at which there is room for a number."""
    nearest = (places[-1] / places[0]) ** NEAREST_SHARE
    found = places[-1:]
    for place in reversed(places[:-1]):
        if found[-1] / place >= nearest:
            found.append(place)
    return found


def draw_bars(axes: Any, chart: Bars) -> None:  # noqa: ANN401
    """Goals: bars from 1 to the right for what is reached, hatched to the left for what is missed."""
    for place, bar in enumerate(reversed(chart.bars)):
        axes.barh(
            place,
            bar.factor - 1,
            left=1,
            height=0.55,
            facecolor=COLOURS[0] if bar.good else PAPER,
            edgecolor=COLOURS[0] if bar.good else COLOURS[1],
            hatch=None if bar.good else "////",
            linewidth=1.2,
        )
        axes.annotate(
            "reached" if bar.good else "MISSED",
            (max(bar.factor, 1), place),
            xytext=(5, 0),
            textcoords="offset points",
            verticalalignment="center",
            fontsize=8.5,
            weight="normal" if bar.good else "bold",
        )
    axes.axvline(1, color=INK, linewidth=1.4)
    low, high = min(0.5, *(bar.factor for bar in chart.bars)) * 0.9, max(2, *(bar.factor for bar in chart.bars))
    set_log_scale(axes, "x", high / low)
    axes.set_xlim(low, high * (high / low) ** WORDS_SHARE)
    set_words(axes.xaxis, lambda value: f"{value:g}x")
    labels = [f"{fitted(bar.label, GOAL_CHARACTERS, 1)}\n{bar.words}" for bar in chart.bars]
    set_rows(axes, labels, chart.x_label)
    axes.tick_params(axis="y", labelsize=8.5)


def draw_marks(axes: Any, chart: Marks) -> None:  # noqa: ANN401
    """Subjects: a dot at the median, a line from the smallest to the largest sample, the median in words."""
    for place, mark in enumerate(chart.marks):
        dot = mark.dot
        axes.plot([dot.low, dot.high], [place, place], color=COLOURS[0], linewidth=2)
        axes.plot(
            [dot.y], [place], marker="o", markersize=8, color=COLOURS[0],
            markerfacecolor=PAPER if dot.hollow else COLOURS[0],
        )  # fmt: skip
        axes.annotate(
            mark.words, (dot.high, place), xytext=(9, 0), textcoords="offset points", verticalalignment="center"
        )
    low, high = min(mark.dot.low for mark in chart.marks) / 1.5, max(mark.dot.high for mark in chart.marks) * 1.1
    set_log_scale(axes, "x", high / low)
    axes.set_xlim(low, high * (high / low) ** (2.4 * WORDS_SHARE))
    set_words(axes.xaxis, lambda value: amount(value, ""))
    labels = [fitted(mark.label, LABEL_CHARACTERS, 2) for mark in reversed(chart.marks)]
    set_rows(axes, labels, chart.x_label)


def set_rows(axes: Any, labels: list[str], x_label: str) -> None:  # noqa: ANN401
    """Names to the left, the first one on top."""
    axes.set_yticks(range(len(labels)), list(reversed(labels)))
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x", linewidth=0.6)
    axes.set_xlabel(fitted(x_label, TITLE_CHARACTERS, 1))
