"""`actum bench compare`: two results files, and what is not just noise between them."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from actum_bench.amounts import amount
from actum_bench.comparison import Change, Comparison, Limit, compare, geometric_words, judged
from actum_bench.extras import MissingExtraError

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.files import loaded

#: Smaller than this is just small.
P_SHOWN_MIN = 0.001
STYLES = {"better": "green", "worse": "bold red", "not significant": "", "too few samples": "yellow", "a count": ""}


def register(group: click.Group) -> None:
    """Add the verb."""
    before = click.argument("before", metavar="BEFORE", type=click.Path(path_type=Path))
    after = click.argument("after", metavar="AFTER", type=click.Path(path_type=Path))
    fail = click.option(
        "--fail",
        multiple=True,
        metavar="NAME:PERCENT",
        help="Exit with 1 if this figure got significantly worse by more than so much: 'ack p99:10%'.",
    )
    verb(group, "compare", store=False)(before(after(fail(run))))


def run(call: Call, before: Path, after: Path, fail: tuple[str, ...]) -> Answer:
    """Compare two results files: medians, 95 % intervals, and whether it is more than noise.

    Figures of the same workload, subject, durability and name are compared. A change counts if a Mann-Whitney test
    gives p < 0.05 and the 95 % interval of the ratio of the medians does not hold 1; with fewer than five samples
    nothing is said.
    """
    limits = [limit_of(text) for text in fail]
    one, other = loaded(before), loaded(after)
    try:
        comparison = compare(one, other)
    except MissingExtraError as error:
        raise click.ClickException(str(error)) from error
    check_limits(limits, comparison)
    call.warnings += comparison.warnings
    exceeded = [(limit, change) for limit in limits for change in limit.exceeded(comparison.changes)]
    shown: list[str | Listing] = [
        f"before: {one.environment.line}",
        f"after:  {other.environment.line}",
        "",
        changes_listing(comparison.changes),
        "",
        f"geometric mean: {geometric_words(comparison)}",
    ]
    shown += [
        f"FAILED: {change.figure} of {change.workload} · {change.subject} · durability {change.durability} is "
        f"{change.words}, {change.loss:.1%} worse; {limit.share:.0%} is allowed"
        for limit, change in exceeded
    ]
    content = {
        "before": str(before),
        "after": str(after),
        "changes": msgspec.to_builtins(comparison.changes),
        "geometric_mean": comparison.geometric_mean,
        "failed": [msgspec.to_builtins(change) for _, change in exceeded],
    }
    return Answer(content, shown, bad=bool(exceeded))


def limit_of(text: str) -> Limit:
    """What --fail says."""
    try:
        return Limit.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--fail") from error


def check_limits(limits: list[Limit], comparison: Comparison) -> None:
    """A limit that nothing can exceed is a mistake, not a success."""
    known = judged(comparison.changes)
    for limit in limits:
        if limit.figure not in known:
            there = ", ".join(sorted(known)) or "nothing"
            raise click.BadParameter(
                f"no figure {limit.figure!r} has a verdict: it needs five samples in both files, and may not be a mere "
                f"count; there is {there}",
                param_hint="--fail",
            )


def changes_listing(changes: list[Change]) -> Listing:
    """Every change."""
    columns = ("workload", "subject", "durability", "figure", "before", "after", "change", "95 % interval", "p", "")
    made = Listing(columns, frozenset({"before", "after", "change", "p"}))
    for change in changes:
        bounded = change.low is not None and change.high is not None
        made.add(
            change.workload,
            change.subject,
            change.durability,
            change.figure,
            amount(change.before, change.unit),
            amount(change.after, change.unit),
            "" if change.ratio is None else f"{change.ratio - 1:+.1%}",
            f"{change.low - 1:+.1%} to {change.high - 1:+.1%}" if bounded else "",  # type: ignore[operator]
            "" if change.p is None else "<0.001" if change.p < P_SHOWN_MIN else f"{change.p:.3f}",
            change.words + ", UNSTABLE" * change.unstable,
            style=STYLES[change.verdict],
        )
    return made
