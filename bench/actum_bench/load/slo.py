"""A service level objective: the latency that a share of all callers must not wait longer than."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from actum_bench.amounts import amount
from actum_bench.load.reading import ERRORS, INTENDED, OVERRUN, SHARES
from actum_bench.repeats import middle
from actum_bench.results import Run

UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
FORM = re.compile(r"\s*(?P<share>[a-z0-9.]+)\s*=\s*(?P<number>[0-9.]+)\s*(?P<unit>[a-zµ]+)\s*")
#: A rate is kept up if the answers keep the pace of the schedule to this share, or the last of them is there as soon as
#: an objective allows: otherwise a queue grows.
SUSTAINED_SHARE = 0.98


class NoObjectiveError(Exception):
    """A text does not say a service level objective."""


class Objective(NamedTuple):
    """What is to hold.

    Attributes:
        share: of callers: "p99".
        seconds: that they wait at most, from the intended time.
    """

    share: str
    seconds: float

    @property
    def figure(self) -> str:
        """The figure that it is about."""
        return f"{INTENDED} {self.share}"

    @property
    def words(self) -> str:
        """The objective for people."""
        return f"{self.share} ≤ {amount(self.seconds, 's')}"

    def broken_by(self, run: Run) -> str:
        """Why a run does not meet it: a sentence; empty if it does."""
        found = [*(figure.samples for figure in run.figures if figure.name == self.figure)]
        waited = middle(found[0]) if found else math.inf
        if waited > self.seconds:
            return f"{self.share} is {waited * 1e3:.3g} ms"
        return ""


def objective_of(text: str) -> Objective:
    """Read an objective such as `p99=5ms`.

    Raises:
        NoObjectiveError: saying what an objective looks like.
    """
    found = FORM.fullmatch(text)
    if found is None:
        raise NoObjectiveError(f"{text!r} is not an objective: say a share and a time, such as p99=5ms")
    share, unit = found["share"], found["unit"]
    if share not in SHARES:
        raise NoObjectiveError(f"{text!r}: there is no {share}; shares are {', '.join(SHARES)}")
    if unit not in UNITS:
        raise NoObjectiveError(f"{text!r}: there is no unit {unit}; units are {', '.join(UNITS)}")
    try:
        seconds = float(found["number"]) * UNITS[unit]
    except ValueError as error:
        raise NoObjectiveError(f"{text!r}: {found['number']} is not a number") from error
    if not seconds > 0:
        raise NoObjectiveError(f"{text!r}: nobody waits for no time; give more than 0")
    return Objective(share, seconds)


def unsustained(run: Run, seconds: float) -> str:
    """Why a rate was not kept up at all: a sentence; empty if it was.

    Args:
        run: with its rate.
        seconds: the longest that an objective lets anybody wait.
    """
    figures = {figure.name: middle(figure.samples) for figure in run.figures}
    if figures[ERRORS] > 0:
        return f"{figures[ERRORS]:,.0f} errors"
    if figures["of target"] < SUSTAINED_SHARE and figures[OVERRUN] > seconds:
        return f"only {figures['of target']:.1%} of the target was answered in time"
    return ""


def verdict(run: Run, objectives: Sequence[Objective]) -> str:
    """Why a run does not meet objectives: the first reason; empty if it meets all of them."""
    longest = max((each.seconds for each in objectives), default=0.0)
    reasons = (unsustained(run, longest), *(each.broken_by(run) for each in objectives))
    return next((why for why in reasons if why), "")
