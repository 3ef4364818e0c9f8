"""Micro benchmarks: each of them still runs, and what pytest-benchmark writes becomes runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from actum_bench.micro import FOLDER, PLUGINS, SETTINGS, NoBenchmarksError, measure, runs_of, surroundings
from actum_bench.process import VoidRunError

BENCHMARK = '''
import pytest

def test_one(benchmark):
    """One."""
    benchmark.pedantic(int, rounds=3)
    benchmark.extra_info.update(title="make a zero", operations=1, durability="-")

def test_two():
    """Fails."""
    assert False, "on purpose"
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one benchmark that runs and one that fails."""
    (tmp_path / "pytest.toml").write_text((FOLDER / "pytest.toml").read_text())
    (tmp_path / "test_made_up.py").write_text(BENCHMARK)
    return tmp_path


def test_every_benchmark_runs() -> None:
    """Each benchmark of the checkout runs once, without being timed."""
    options = ["-q", *PLUGINS, "-c", str(FOLDER / SETTINGS), "--benchmark-disable", str(FOLDER)]
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, env=surroundings(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def test_measure(folder: Path) -> None:
    """A benchmark becomes a run with one figure, whose samples are the rounds; progress goes up to 100 %."""
    told: list[tuple[int, int]] = []
    (run,) = measure("one", None, lambda done, whole: told.append((done, whole)), folder=folder)
    assert (run.suite, run.workload, run.subject, run.durability) == ("micro", "make a zero", "actum", "-")
    (figure,) = run.figures
    assert (figure.name, figure.unit, figure.better, len(figure.samples)) == ("time", "s", "lower", 3)
    assert told == [(100, 100)]


def test_time_of_one_operation() -> None:
    """The time of a round is divided by the operations in it."""
    notes = {"title": "t", "operations": 4, "durability": "full", "ns_per_op": 1}
    content = msgspec.json.encode({"benchmarks": [{"extra_info": notes, "stats": {"data": [8.0, 2.0]}}]})
    assert [figure.samples for run in runs_of(content) for figure in run.figures] == [[2.0, 0.5]]


def test_failing_benchmark(folder: Path) -> None:
    """A benchmark that fails makes the whole run void, and is named."""
    with pytest.raises(VoidRunError, match="on purpose"):
        measure(None, None, print, folder=folder)


def test_nothing_matches(folder: Path) -> None:
    """A pattern that matches nothing is a sentence."""
    with pytest.raises(NoBenchmarksError, match="no micro benchmark matches 'three'"):
        measure("three", None, print, folder=folder)


def test_no_checkout(tmp_path: Path) -> None:
    """Without a checkout there are no micro benchmarks, and the error says where they are."""
    with pytest.raises(NoBenchmarksError, match="bench/micro of a checkout"):
        measure(None, None, print, folder=tmp_path)
