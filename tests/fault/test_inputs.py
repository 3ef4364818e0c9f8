"""Five thousand bad inputs through every public door: refused with a sentence, nothing changed, the engine goes on."""

from __future__ import annotations

import json

import pytest

from tests.chaos.forked import forked
from tests.chaos.inputs import ROW

PARTS = 2


@pytest.mark.timeout(120)
@pytest.mark.parametrize("part", range(PARTS))
def test_inputs(part: int) -> None:
    """No violation in this part of the short row."""
    count = ROW.short // PARTS
    cases, violations, counts = json.loads(forked(lambda: json.dumps(ROW.run(part * count, count)), seconds=100))
    assert violations == []
    assert cases == count
    assert counts["refused"] > count / 2
