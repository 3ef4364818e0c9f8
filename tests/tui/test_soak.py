"""The dashboard for a while on an engine that works: `make soak`, made short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.dashboard import SCREENS, soak

MEGABYTE = 1_000_000


@pytest.mark.timeout(180)
def test_it_looks_on_for_a_while(tmp_path: Path) -> None:
    """Every screen in turn: it does not grow with tens of thousands of events, and leaves the terminal as it was."""
    soaked = soak(tmp_path / "bank", seconds=16.0, per_second=2_000, each=1.0)
    assert soaked.events > 10_000
    assert {each.screen for each in soaked.samples} == set(SCREENS)
    assert soaked.memory_bytes(0.75, 1.0) - soaked.memory_bytes(0.5, 0.75) < 20 * MEGABYTE
    assert soaked.memory_bytes(0.0, 1.0) < 200 * MEGABYTE
    assert soaked.left
