"""Two results files side by side: what became faster, what slower, and what is only noise.

A figure is compared with the one of the same workload, subject, durability and name. The change is the ratio of the
medians; its 95 % interval comes from a seeded bootstrap of that ratio, and the p of a Mann-Whitney test says how likely
such samples are if nothing changed. A change counts only if both agree. Ratios need positive samples; where one is zero
or below there is no ratio and no interval, and the test decides alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from math import exp, log
from statistics import fmean
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from actum_bench.extras import imported
from actum_bench.likeness import differences
from actum_bench.repeats import REPEATS_MIN, middle, unstable
from actum_bench.results import PLACES, Better, Figure, Results, Run

#: What is less likely than this by chance is no chance.
P_MAX = 0.05
CONFIDENCE = 0.95
BOOTSTRAP_RESAMPLES = 9_999
#: So that the same files always give the same interval.
SEED = 20_240_229
#: With more samples on both sides than this, the normal approximation of the test is as good as the exact one.
EXACT_SAMPLES_MAX = 8
#: More than the 12,870 ways to deal 16 samples to two sides, so that all of them are looked at.
PERMUTATIONS_MAX = 20_000

Verdict: TypeAlias = Literal["better", "worse", "not significant", "too few samples", "a count"]
#: Verdicts that say nothing of better and worse, for want of samples or of a meaning.
UNJUDGED = frozenset({"too few samples", "a count"})

#: What is better and worse by unit; other units have no words of their own.
WORDS: dict[str, tuple[str, str]] = {"s": ("faster", "slower"), "1/s": ("faster", "slower"), "B": ("smaller", "larger")}
#: Units of counts that describe a run rather than how well it went: no verdict, and no part of the geometric mean.
COUNTS = ("",)
#: How counts begin that say how well it went.
FAULTS = ("errors", "late by")
#: Stands for a parameter that a file does not have.
UNSAID = "not said"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One figure in both files.

    Attributes:
        workload: of the run.
        subject: of the run.
        durability: of the run.
        figure: its name.
        unit: of both medians.
        better: whether higher or lower values are better.
        before: the median in the first file.
        after: the median in the second.
        ratio: after over before; None if there is none.
        low: the lower end of the ratio's 95 % interval; None if there is none.
        high: the upper end.
        p: of the Mann-Whitney test; None with too few samples.
        verdict: what to think of it.
        words: the same for people: "1.08x faster".
        unstable: whether the samples of one of the two differ so much that their median says little.
    """

    workload: str
    subject: str
    durability: str
    figure: str
    unit: str
    better: Better
    before: float
    after: float
    ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: Verdict
    words: str
    unstable: bool

    @property
    def gain(self) -> float | None:
        """How many times better it became; below 1 it became worse."""
        if not self.ratio:
            return None
        return self.ratio if self.better == "higher" else 1 / self.ratio

    @property
    def loss(self) -> float:
        """By which share of the median before it became worse, negative if better; any loss from zero is infinite."""
        worse = self.before - self.after if self.better == "higher" else self.after - self.before
        if not self.before:
            return float("inf") if worse > 0 else 0.0
        return worse / abs(self.before)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All of two files.

    Attributes:
        changes: figures that both have, in the order of the second file.
        geometric_mean: of how many times better each became; None if nothing can be said.
        warnings: what makes the comparison worth less, and what only one file has.
    """

    changes: list[Change]
    geometric_mean: float | None
    warnings: list[str]


class Limit(NamedTuple):
    """What a figure may lose before a comparison fails.

    Attributes:
        figure: its name.
        share: 0.1 for ten percent.
    """

    figure: str
    share: float

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read "ack p99:10%".

        Raises:
            ValueError: it is not of that form; the message is a sentence.
        """
        name, colon, percent = text.rpartition(":")
        try:
            share = float(percent.strip().removesuffix("%")) / 100
        except ValueError:
            share = -1.0
        if not colon or not name.strip() or not 0 <= share < float("inf"):
            raise ValueError(f"{text!r} is not NAME:PERCENT, such as 'ack p99:10%'")
        return cls(name.strip(), share)

    def exceeded(self, changes: Iterable[Change]) -> list[Change]:
        """The changes of this figure that are worse by more, and not by chance."""
        return [
            change
            for change in changes
            if change.figure == self.figure and change.verdict == "worse" and change.loss > self.share
        ]


def compare(before: Results, after: Results) -> Comparison:
    """Compare two files.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    warnings = [f"the environments differ: {words}" for words in differences(before.environment, after.environment)]
    for name, results in (("first", before), ("second", after)):
        warnings += [f"the {name} file: {warning}" for warning in results.environment.warnings]
        warnings += [f"the {name} file's run is void and left out: {run.title}" for run in results.runs if run.void]
    pairs = list(paired(before, after, warnings))
    changes = [change_of(run, old, new) for run, old, new in pairs]
    gains = [
        change.gain
        for change in changes
        if change.gain and change.unit not in COUNTS and change.verdict not in UNJUDGED
    ]
    return Comparison(
        changes=changes,
        geometric_mean=exp(fmean(map(log, gains))) if gains else None,
        warnings=warnings,
    )


def paired(before: Results, after: Results, warnings: list[str]) -> Iterator[tuple[Run, Figure, Figure]]:
    """The figures that both have; what only one has is warned of."""
    old_runs, new_runs = by_title(before.runs), by_title(after.runs)
    for title, runs in new_runs.items():
        for run in runs:
            old = partner(run, old_runs.get(title, []), alone=len(runs) == 1)
            if old is None:
                warnings.append(f"only the second file has {described(run, runs)}{elsewhere(run, before)}")
                continue
            if work_of(old) != work_of(run):
                warnings.append(f"{run.title} was measured with other parameters: {other_work(old, run)}")
            for figure in run.figures:
                found = old.figure(figure.name)
                if found is None:
                    warnings.append(f"only the second file has {figure.name} of {run.title}")
                elif found.samples and figure.samples:
                    yield run, found, figure
            missing = [figure.name for figure in old.figures if run.figure(figure.name) is None]
            warnings += [f"only the first file has {name} of {run.title}" for name in missing]
    for title, runs in old_runs.items():
        for run in runs:
            if partner(run, new_runs.get(title, []), alone=len(runs) == 1) is None:
                warnings.append(f"only the first file has {described(run, runs)}{elsewhere(run, after)}")


def by_title(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Runs that count, by what was measured; several differ by their parameters."""
    found: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if not run.void:
            found[run.title].append(run)
    return dict(found)


def partner(run: Run, others: list[Run], *, alone: bool) -> Run | None:
    """The run that did the same work; where both files have just one of that title, that one."""
    if alone and len(others) == 1:
        return others[0]
    return next((other for other in others if work_of(other) == work_of(run)), None)


def work_of(run: Run) -> dict[str, object]:
    """The parameters that say what was done."""
    return {name: value for name, value in run.parameters.items() if name not in PLACES}


def other_work(old: Run, new: Run) -> str:
    """The parameters that two runs differ in, for people."""
    before, after = work_of(old), work_of(new)
    names = [name for name in before | after if before.get(name, UNSAID) != after.get(name, UNSAID)]
    return "; ".join(f"{name} {before.get(name, UNSAID)}, then {after.get(name, UNSAID)}" for name in names)


def described(run: Run, siblings: list[Run]) -> str:
    """A run's title, with its parameters where the title is not enough."""
    return run.title if len(siblings) == 1 else f"{run.title} {work_of(run)}"


def elsewhere(run: Run, other: Results) -> str:
    """That the other file has the same work at another durability, if it does."""
    found = [
        twin.durability
        for twin in other.runs
        if (twin.workload, twin.subject) == (run.workload, run.subject) and twin.durability != run.durability
    ]
    return f"; the other has it with durability {', '.join(dict.fromkeys(found))}" if found else ""


def change_of(run: Run, before: Figure, after: Figure) -> Change:
    """Compare two figures."""
    old, new = before.samples, after.samples
    positive = min(*old, *new) > 0
    ratio = middle(new) / middle(old) if positive else None
    low = high = p = None
    verdict: Verdict = "too few samples"
    if after.unit in COUNTS and not after.name.startswith(FAULTS):
        verdict = "a count"
    elif min(len(old), len(new)) >= REPEATS_MIN:
        p = mann_whitney(old, new)
        if positive:
            low, high = interval(old, new)
        verdict = judge(before.samples, after.samples, after.better, p, (low, high))
    return Change(
        workload=run.workload,
        subject=run.subject,
        durability=run.durability,
        figure=after.name,
        unit=after.unit,
        better=after.better,
        before=middle(old),
        after=middle(new),
        ratio=ratio,
        low=low,
        high=high,
        p=p,
        verdict=verdict,
        words=words_for(verdict, ratio, after.better, after.unit),
        unstable=unstable(old) or unstable(new),
    )


def judge(
    before: list[float], after: list[float], better: Better, p: float, bounds: tuple[float | None, float | None]
) -> Verdict:
    """Better or worse if the test and the interval agree that something changed."""
    low, high = bounds
    if p >= P_MAX or (low is not None and high is not None and low <= 1 <= high):
        return "not significant"
    if middle(after) == middle(before):
        return "not significant"
    return "better" if (middle(after) > middle(before)) == (better == "higher") else "worse"


def words_for(verdict: Verdict, ratio: float | None, better: Better, unit: str) -> str:
    """A verdict for people."""
    if verdict not in {"better", "worse"}:
        return verdict
    word = WORDS.get(unit, ("better", "worse"))[verdict == "worse"]
    if not ratio:
        return word
    gain = ratio if better == "higher" else 1 / ratio
    return f"{max(gain, 1 / gain):.2f}x {word}"


def mann_whitney(before: list[float], after: list[float]) -> float:
    """How likely samples that differ so much are if nothing changed: exact where one side has few samples."""
    if len({*before, *after}) == 1:
        return 1.0
    stats = imported("scipy.stats")
    method: Any = "asymptotic"
    if min(len(before), len(after)) <= EXACT_SAMPLES_MAX:
        ties = len({*before, *after}) < len(before) + len(after)
        method = stats.PermutationMethod(n_resamples=PERMUTATIONS_MAX, rng=SEED) if ties else "exact"
    return float(stats.mannwhitneyu(before, after, alternative="two-sided", method=method).pvalue)


def interval(before: list[float], after: list[float]) -> tuple[float, float]:
    """The 95 % interval of the ratio of the medians."""
    numpy, stats = imported("numpy"), imported("scipy.stats")

    def ratio(old: Any, new: Any, axis: int = -1) -> Any:  # noqa: ANN401  # arrays
        return numpy.median(new, axis=axis) / numpy.median(old, axis=axis)

    found = stats.bootstrap(
        (before, after),
        ratio,
        n_resamples=BOOTSTRAP_RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",  # a corrected one has no value for samples that are all alike
        vectorized=True,
        paired=False,
        rng=SEED,
    ).confidence_interval
    return float(found.low), float(found.high)


def geometric_words(comparison: Comparison) -> str:
    """The mean for people."""
    mean = comparison.geometric_mean
    if mean is None:
        return "no figure can be compared"
    return f"{max(mean, 1 / mean):.2f}x {'better' if mean >= 1 else 'worse'}"


def judged(changes: Iterable[Change]) -> Mapping[str, list[Change]]:
    """The changes that have a verdict, by the name of the figure."""
    found: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.verdict not in UNJUDGED:
            found[change.figure].append(change)
    return found
