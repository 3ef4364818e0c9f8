"""HdrHistograms as curves: how long the slowest half, tenth, hundredth ... of all took at least."""

from __future__ import annotations

from typing import NamedTuple

from actum_bench.load.histogram import histogram_type

#: Points of a curve in each decade of "one in so many".
POINTS_EACH_DECADE = 8


class UnreadableHistogramError(Exception):
    """A text is not an HdrHistogram."""


class Point(NamedTuple):
    """One point of a curve.

    Attributes:
        one_in: one in so many took longer: 1 / (1 - quantile).
        seconds: than this.
    """

    one_in: float
    seconds: float


def curve(encoded: str) -> list[Point]:
    """The curve of a histogram in its V2 base64 form, from the median of nothing (the fastest) to the slowest.

    Raises:
        MissingExtraError: hdrhistogram is not installed.
        UnreadableHistogramError: it is not one.
    """
    decode = histogram_type().decode
    try:
        histogram = decode(encoded)
        count = int(histogram.get_total_count())
        places: dict[float, float] = {}
        while (one_in := 10 ** (len(places) / POINTS_EACH_DECADE)) <= count:
            places[one_in] = 100 * (1 - 1 / one_in)
        values = histogram.get_percentile_to_value_dict(list(places.values()))
        points = [Point(one_in, max(1, values[percentile]) / 1e9) for one_in, percentile in places.items()]
        if points:
            points.append(Point(float(count), max(1, histogram.get_max_value()) / 1e9))
    except Exception as error:
        raise UnreadableHistogramError(f"not an HdrHistogram: {type(error).__name__}: {error}") from error
    return points
