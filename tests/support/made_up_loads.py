"""Measurements of the load benchmark that are made up, for what is done with them afterwards."""

from __future__ import annotations

from actum_bench.load.histogram import folded
from actum_bench.load.reading import INTENDED, LAG, LATE, SERVICE, SHARES
from actum_bench.load.settings import Settings
from actum_bench.repeats import Measure
from actum_bench.results import Check, Sample


def made_up(settings: Settings, *, ok: bool = True, limit: float = 5_000) -> Measure:
    """A measurement: every latency is a millisecond up to a rate, and ten above it, where there are errors as well."""
    seconds = 0.001 if settings.rate <= limit else 0.01
    values = {"achieved": settings.rate, "of target": 1.0}
    values |= {f"{name} {share}": seconds for name in (INTENDED, SERVICE, LAG) for share in SHARES}
    values |= {LATE: 0.0, "overrun": 0.0, "errors": 0.0}
    if settings.rate > limit:
        values |= {"errors: Overloaded": 2.0}
    return lambda: Sample(values, [Check("sums", ok, "1 and 2")], {INTENDED: folded([int(seconds * 1e9)])})
