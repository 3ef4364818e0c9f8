"""Latencies as HdrHistograms, the form that other tools of this kind read. Folded after the run, never in it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from actum_bench.extras import imported

#: From a nanosecond to an hour, to three digits.
HIGHEST_NS = 3_600 * 1_000_000_000
DIGITS = 3
#: Lines of the percentile text for each halving of what is left, as HdrHistogram's own tools have.
TICKS_PER_HALVING = 5


def histogram_type() -> Any:  # noqa: ANN401  # hdrh has no types
    """The class of HdrHistograms.

    Raises:
        MissingExtraError: the package is not installed.
    """
    return imported("hdrh.histogram").HdrHistogram


def folded(values: Sequence[int] | array[int]) -> str:
    """Nanoseconds as an HdrHistogram in its V2 base64 form."""
    histogram = histogram_type()(1, HIGHEST_NS, DIGITS)
    ordered = sorted(min(max(value, 0), HIGHEST_NS) for value in values)
    first = 0
    while first < len(ordered):
        end = bisect_right(ordered, histogram.get_highest_equivalent_value(ordered[first]), lo=first)
        histogram.record_value(ordered[first], end - first)
        first = end
    encoded: bytes = histogram.encode()
    return encoded.decode()


def merged(histograms: Iterable[str]) -> str:
    """All values of several histograms in one."""
    histogram = histogram_type()(1, HIGHEST_NS, DIGITS)
    for each in histograms:
        histogram.decode_and_add(each.encode())
    encoded: bytes = histogram.encode()
    return encoded.decode()


def percentile_lines(histogram: str) -> Iterator[str]:
    """The percentile text form (`.hgrm`) of a histogram, in milliseconds, for plotters of HdrHistogram."""
    decoded = histogram_type().decode(histogram.encode())
    yield f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}"
    yield ""
    for step in decoded.get_percentile_iterator(TICKS_PER_HALVING):
        left = 1 - step.percentile_level_iterated_to / 100
        inverse = f"{1 / left:14.2f}" if left > 0 else f"{'inf':>14}"
        count = step.total_count_to_this_value
        yield f"{step.value_iterated_to / 1e6:12.6f} {1 - left:14.12f} {count:10d} {inverse}"
    mean, deviation = decoded.get_mean_value() / 1e6, decoded.get_stddev() / 1e6
    yield f"#[Mean    = {mean:12.6f}, StdDeviation   = {deviation:12.6f}]"
    yield f"#[Max     = {decoded.get_max_value() / 1e6:12.6f}, TotalCount     = {decoded.get_total_count():12d}]"
    yield f"#[Buckets = {decoded.bucket_count:12d}, SubBuckets     = {decoded.sub_bucket_count:12d}]"
