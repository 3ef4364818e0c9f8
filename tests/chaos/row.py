"""One row of the table that `make chaos` prints: many cases of one kind of harm, and what they broke.

Cases are numbered. A case's number is its seed, so a row can be cut into parts that run in several processes, and a
case that found something can be run again alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Violation(NamedTuple):
    """A promise that did not hold.

    Attributes:
        case: the number of the case that showed it.
        what: what was promised and what happened instead.
    """

    case: int
    what: str


class Outcome(NamedTuple):
    """What some cases of a row came to.

    Attributes:
        cases: how many were run: fewer than asked for only where there are no more.
        violations: what did not hold.
        counts: what else is worth a figure, such as kills that struck during a commit; summed over parts.
    """

    cases: int
    violations: list[Violation]
    counts: dict[str, int]


class Row(NamedTuple):
    """One kind of harm.

    Attributes:
        name: how it is called on the command line.
        title: what is done and what must not happen, in a few words.
        unit: what a case is: "kills", "seeds".
        short: cases in `make test`.
        full: cases in `make chaos`.
        part: the most cases that one process is given at a time; what they share, such as a store, ends with them.
        run: runs the cases from a first number on, so many of them. It raises only if it can't do its work.
    """

    name: str
    title: str
    unit: str
    short: int
    full: int
    part: int
    run: Callable[[int, int], Outcome]


def merged(outcomes: list[Outcome]) -> Outcome:
    """The outcome of all parts."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        for name, count in outcome.counts.items():
            counts[name] = counts.get(name, 0) + count
    violations = [violation for outcome in outcomes for violation in outcome.violations]
    return Outcome(sum(outcome.cases for outcome in outcomes), violations, counts)
