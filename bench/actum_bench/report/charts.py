"""What the report draws, as numbers: which runs belong into one picture, and where their points lie.

Nothing here knows how a picture is made. A picture without data is not made, a void run is in none. Every title says
how durable; what is UNSTABLE says so in its label, and its points are drawn hollow.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from actum_bench.amounts import amount, reached, steadiness, wanted
from actum_bench.repeats import middle, ratios
from actum_bench.report.percentiles import UnreadableHistogramError, curve
from actum_bench.report.plain_text import plain_text
from actum_bench.report.shapes import (
    Bar,
    Bars,
    Chart,
    Dot,
    Lines,
    Mark,
    Marks,
    Series,
    dot_of,
    in_words,
    series_of,
    slug,
)
from actum_bench.results import Figure, Goal, Parameter, Run

#: Parameters that say how large something is, the one to draw over first.
SIZES = ("events", "aggregates", "rows", "accounts", "records", "keys", "size")
#: Figures that are drawn over a size; all others are in the tables.
GROWN = ("commands/s", "opening", "memory after opening", "events/s")
#: More lines than this in one picture can't be told apart.
LINES_MAX = 6
#: How far a goal's bar reaches at most: so many times better or worse.
FACTOR_MAX = 100.0

FLOOR = "the floor"
CLIENTS = re.compile(r"commands, ([\d,]+) clients?")
NUMBER = re.compile(r"\d[\d,.]*(?: ?[kKMG]\b)?")


def charts(runs: Sequence[Run], goals: Sequence[Goal], warn: Callable[[str], object]) -> list[Chart]:
    """Everything that there is data for.

    Args:
        runs: those that count.
        goals: all of them.
        warn: told what can't be drawn.
    """
    made: list[Chart] = [*goals_chart(goals), *floor_charts(runs), *peers_charts(runs), *growth_charts(runs)]
    made += latency_charts(runs, warn)
    return distinct(made)


def distinct(made: Iterable[Chart]) -> list[Chart]:
    """The same, no two with one name."""
    found: dict[str, Chart] = {}
    for chart in map(visible, made):
        name, number = chart.name, 2
        while name in found:
            name, number = f"{chart.name}-{number}", number + 1
        found[name] = chart._replace(name=name)
    return list(found.values())


def visible(chart: Chart) -> Chart:
    """The same, with all that comes from data as plain text."""
    title, alternative = plain_text(chart.title), plain_text(chart.alternative)
    match chart:
        case Lines():
            series = [line._replace(label=plain_text(line.label)) for line in chart.series]
            labels = plain_text(chart.x_label), plain_text(chart.y_label)
            return chart._replace(
                title=title, alternative=alternative, series=series, x_label=labels[0], y_label=labels[1]
            )
        case Bars():
            bars = [bar._replace(label=plain_text(bar.label)) for bar in chart.bars]
            return chart._replace(title=title, alternative=alternative, bars=bars)
        case Marks():
            marks = [mark._replace(label=plain_text(mark.label)) for mark in chart.marks]
            return chart._replace(title=title, alternative=alternative, marks=marks, x_label=plain_text(chart.x_label))


def goals_chart(goals: Sequence[Goal]) -> Iterator[Bars]:
    """Goals reached and missed."""
    bars = [bar_of(goal) for goal in goals if goal.samples]
    if bars:
        missed = [bar.label for bar in bars if not bar.good]
        yield Bars(
            "goals",
            "Goals, in times better than wanted · durability as named",
            "times better than wanted: from 1x on it is reached",
            bars,
            f"{len(bars) - len(missed)} of {len(bars)} goals are reached"
            + (f"; missed: {', '.join(missed)}" if missed else ""),
        )


def bar_of(goal: Goal) -> Bar:
    """A goal as a bar."""
    median = middle(goal.samples)
    above, below = (median, goal.bound) if goal.better == "higher" else (goal.bound, median)
    factor = above / below if below > 0 else FACTOR_MAX
    good = reached(goal)
    found = f"{amount(median, goal.unit)} {steadiness(goal.samples)}".rstrip()
    words = f"{found}, wanted {wanted(goal)} · durability {goal.durability}"
    return Bar(goal.name, min(max(factor, 1 / FACTOR_MAX), FACTOR_MAX), words, good)


def floor_charts(runs: Sequence[Run]) -> Iterator[Lines]:
    """Commands by clients, the engine and the floor."""
    rates: defaultdict[str, dict[tuple[str, int], Figure]] = defaultdict(dict)
    for run in runs:
        clients = clients_of(run)
        figure = run.figure("commands/s")
        if run.suite == "floor" and clients and figure and figure.samples:
            rates[run.durability][run.subject, clients] = figure
    for durability, figures in rates.items():
        subjects: defaultdict[str, list[Dot]] = defaultdict(list)
        for (subject, clients), figure in figures.items():
            words = share_of(figures.get((FLOOR, clients)), figure) if subject != FLOOR else ""
            subjects[subject].append(dot_of(clients, figure)._replace(words=words))
        series = series_of(subjects)
        yield Lines(
            f"floor-{slug(durability)}",
            f"Commands a second by clients, beside the floor · durability {durability}",
            "clients, each waiting for its answers",
            "commands/s, and how much of the floor's",
            "",
            "log",
            "log",
            series,
            in_words(series, "clients", ""),
        )


def share_of(floor: Figure | None, figure: Figure) -> str:
    """How much of the floor's rate another is: the median of the pairs that took turns, as the goals have it."""
    if floor is None or len(floor.samples) != len(figure.samples) or min(floor.samples) <= 0:
        return ""
    return f"{middle(ratios(figure.samples, floor.samples)):.2f}"


def clients_of(run: Run) -> int:
    """How many clients sent commands; 0 if that is not what was done."""
    match = CLIENTS.fullmatch(run.workload)
    return int(match[1].replace(",", "")) if match else 0


def peers_charts(runs: Sequence[Run]) -> Iterator[Marks]:
    """Rates of subjects at the same work."""
    groups: defaultdict[tuple[str, str], list[tuple[Run, Figure]]] = defaultdict(list)
    for run in runs:
        if run.suite == "peers":
            for figure in run.figures:
                if figure.unit == "1/s" and figure.samples and min(figure.samples) > 0:
                    groups[run.workload, figure.name].append((run, figure))
    for (workload, name), found in groups.items():
        durabilities = sorted({run.durability for run, _ in found})
        marks = [
            Mark(
                f"{run.subject}{f' · durability {run.durability}' if len(durabilities) > 1 else ''}",
                dot_of(0, figure),
                f"{amount(middle(figure.samples), '')} {steadiness(figure.samples)}".rstrip(),
            )
            for run, figure in sorted(found, key=lambda pair: middle(pair[1].samples))
        ]
        yield Marks(
            f"peers-{slug(workload)}-{slug(name)}",
            f"Peers: {workload} · durability {' or '.join(durabilities)}{', as named' * (len(durabilities) > 1)}",
            f"{name}, logarithmic",
            marks,
            f"{name}: " + "; ".join(f"{mark.label} {mark.words}" for mark in marks),
        )


def growth_charts(runs: Sequence[Run]) -> Iterator[Lines]:
    """Figures over a size that runs of one kind differ in."""
    groups: defaultdict[tuple[str, str, str], list[Run]] = defaultdict(list)
    for run in runs:
        if run.suite != "peers" and not clients_of(run):
            groups[run.suite, NUMBER.sub("N", run.workload), run.durability].append(run)
    for (suite, workload, durability), found in groups.items():
        size = size_of(found)
        if size is None:
            continue
        title = found[0].workload if len({run.workload for run in found}) == 1 else workload
        for name in dict.fromkeys(figure.name for run in found for figure in run.figures if figure.name in GROWN):
            series = [line for line in series_of(lines_over(size, name, found)) if len(line.dots) > 1]
            unit = next(figure.unit for run in found if (figure := run.figure(name)))
            values = [dot.y for line in series for dot in line.dots]
            if not series:
                continue
            yield Lines(
                f"growth-{slug(suite)}-{slug(workload)}-{slug(name)}-{slug(durability)}",
                f"{title[:1].upper()}{title[1:]}: {name} by {size} · durability {durability}",
                f"{size}, logarithmic",
                name,
                unit if unit in {"s", "B"} else "",
                "log",
                "log" if min(values) > 0 and max(values) > 10 * min(values) else "linear",
                series,
                in_words(series, size, unit),
            )


def size_of(runs: Sequence[Run]) -> str | None:
    """The parameter that these runs are a growth curve over, if there is one."""
    for name in sorted(SIZES, key=lambda name: name not in runs[0].workload):
        values = {run.parameters.get(name) for run in runs}
        numbers = {value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)}
        if len({number for number in numbers if number > 0}) > 1:
            return name
    return None


def lines_over(size: str, name: str, runs: Sequence[Run]) -> dict[str, list[Dot]]:
    """The points of a figure by what else the runs differ in."""
    subjects: defaultdict[str, list[Dot]] = defaultdict(list)
    others = [
        parameter
        for parameter in dict.fromkeys(parameter for run in runs for parameter in run.parameters)
        if parameter != size and parameter not in SIZES and differs(parameter, size, runs)
    ]
    if others and len({(run.subject, run.parameters.get(size)) for run in runs}) == len(runs):
        others = []  # each size was measured once, whatever goes along with it
    for run in runs:
        figure, x = run.figure(name), run.parameters.get(size)
        if figure and figure.samples and isinstance(x, (int, float)) and x > 0:
            label = ", ".join(
                [sizeless(run.subject, x, size), *(f"{other} {shown(run.parameters.get(other))}" for other in others)]
            )
            subjects[label].append(dot_of(x, figure))
    return subjects


def differs(parameter: str, size: str, runs: Sequence[Run]) -> bool:
    """Whether runs of one size differ in a parameter; one that only follows from the size tells no curves apart."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        values[str(run.parameters.get(size))].add(str(run.parameters.get(parameter)))
    return any(len(found) > 1 for found in values.values())


def sizeless(subject: str, x: float, size: str) -> str:
    """A subject without the size that its points are drawn over: "10,000 events, with checkpoint" is a point."""
    left = re.sub(rf"(?<![\d,]){x:,}(?![\d,])( {size})?", "", subject).strip(" ,")
    return left or "actum"


def latency_charts(runs: Sequence[Run], warn: Callable[[str], object]) -> Iterator[Lines]:
    """Percentiles of latencies."""
    groups: defaultdict[tuple[str, str, str], list[Series]] = defaultdict(list)
    for run in runs:
        for name, encoded in run.histograms.items():
            try:
                points = curve(encoded)
            except UnreadableHistogramError as error:
                warn(f"the latencies {name} of {run.title} can't be drawn: {error}")
                continue
            if len(points) > 1:
                dots = [Dot(point.one_in, point.seconds, point.seconds, point.seconds) for point in points]
                groups[run.suite, run.workload, run.durability].append(Series(f"{run.subject}, {name}", dots))
    for (suite, workload, durability), series in groups.items():
        for first in range(0, len(series), LINES_MAX):
            part = series[first : first + LINES_MAX]
            yield Lines(
                f"latency-{slug(suite)}-{slug(workload)}-{slug(durability)}",
                f"Latency by percentile: {workload} · durability {durability}",
                "percentile",
                "latency",
                "s",
                "percentile",
                "log",
                part,
                "slowest: " + "; ".join(f"{line.label} {amount(line.dots[-1].y, 's')}" for line in part),
            )


def shown(value: Parameter) -> str:
    """A parameter in a label."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
