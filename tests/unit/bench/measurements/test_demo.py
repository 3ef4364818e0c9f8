"""The demo as a measurement."""

from __future__ import annotations

from pathlib import Path

import pytest
from actum_bench.measurements import demo
from actum_bench.measurements.demo import lacking, replay, sample_of
from actum_bench.process import VoidRunError

from examples.shop.demo.report import Figures, report_lines

FIGURES = Figures(
    command_count=180,
    known_count=0,
    event_count=1_300,
    send_seconds=0.1,
    commit_count=10,
    commit_seconds=0.05,
    position=1_300,
    log_bytes=100_000,
    derived_bytes=50_000,
    checkpoint_open_seconds=0.1,
    replay_open_seconds=0.2,
    memory_bytes=100_000_000,
)


def said(last: str) -> str:
    """What the demo prints."""
    progress = "  orders          20 of 20  100%, 900/s"
    return "\n".join(["The Complete Journey: 20 receipts", progress, *report_lines(FIGURES), last, ""])


def test_a_replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo of the checkout is told where its store is, and how much of the year; its store is deleted."""
    (tmp_path / "examples" / "shop").mkdir(parents=True)
    program = f"""
import pathlib, sys
pathlib.Path(sys.argv[2]).mkdir()
assert sys.argv[3:] == ["--sample", "5"]
print({said(demo.AGREED)!r})
"""
    (tmp_path / "examples" / "shop" / "demo.py").write_text(program)
    monkeypatch.setattr(demo, "CHECKOUT", tmp_path)
    stores = tmp_path / "stores"
    stores.mkdir()
    sample = replay(directory=str(stores), receipts=5)
    assert sample.values["events"] == 1_300
    assert [check.ok for check in sample.checks] == [True]
    assert list(stores.iterdir()) == []


def test_what_it_prints() -> None:
    """Figures are read with their commas; views that agree are the check."""
    sample = sample_of(said("views agree"), "")
    assert sample.values == {"events": 1_300, "commands/s": 1_800, "events/s": 13_000}
    assert sample.checks[0].ok


def test_a_difference_is_void() -> None:
    """The last line says which view differs, and the check does not hold."""
    (check,) = sample_of(said("live view of stock: 3 instead of 4"), "").checks
    assert (check.ok, check.detail) == (False, "live view of stock: 3 instead of 4")


def test_no_figures() -> None:
    """What it said last is the reason."""
    with pytest.raises(VoidRunError, match="the demo failed: no room"):
        sample_of("", "warning\nno room\n")


def test_what_is_lacking(tmp_path: Path) -> None:
    """Without the checkout, or without its data, a sentence says so."""
    assert lacking() == ""
    assert lacking(tmp_path).startswith("the demo is part of the checkout")
    assert lacking(packages=("no_such_package",)) == "no_such_package missing: pip install 'actum[demo]'"
