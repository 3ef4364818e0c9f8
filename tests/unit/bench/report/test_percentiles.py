"""HdrHistograms as curves."""

from __future__ import annotations

import pytest
from actum_bench.report.percentiles import UnreadableHistogramError, curve

from tests.support.made_results import histogram_of


def test_curve() -> None:
    """Half of all took longer than the median, one in a hundred longer than the 99th percentile."""
    points = {round(point.one_in, 6): point.seconds for point in curve(histogram_of(*range(1, 1001)))}
    assert points[1.0] == pytest.approx(1e-6, rel=0.01)
    assert points[10.0] == pytest.approx(900e-6, rel=0.01)
    assert points[100.0] == pytest.approx(990e-6, rel=0.01)
    assert points[1000.0] == pytest.approx(1e-3, rel=0.01)


def test_empty() -> None:
    """A histogram of nothing has no curve."""
    assert curve(histogram_of()) == []


@pytest.mark.parametrize("text", ["", "nonsense", "HISTFAAAAAB42pNpmSzMwMDAxQABzFCaEUoz2X+AsQCBAAQ="])
def test_damaged(text: str) -> None:
    """Anything else is refused as what it is."""
    with pytest.raises(UnreadableHistogramError, match="not an HdrHistogram"):
        curve(text)
