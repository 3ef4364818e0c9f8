"""`bench micro`: the parts one by one. The benchmarks are pytest files of the checkout; here they are run and read.

They run in a process of their own, by pytest-benchmark; what it leaves becomes runs with one figure each, the time that
one operation takes, whose samples are the rounds.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from actum_bench.checkout import CHECKOUT
from actum_bench.extras import imported
from actum_bench.process import VoidRunError
from actum_bench.results import Figure, Run
from actum_bench.stores import store_path

#: Where the benchmarks lie: beside the package, in a checkout; the wheel has none.
FOLDER = CHECKOUT / "bench" / "micro"
SETTINGS = "pytest.toml"
SHARE_DONE = re.compile(r"\[ *(\d+)%\]")
NOTHING_FOUND = 5
#: The one plugin that is needed: others cost time, some of it measured.
PLUGINS = ("-p", "pytest_benchmark.plugin")
#: How lines begin that say what went wrong.
FAULTS = ("FAILED", "ERROR:", "ERROR ")
#: If there are none, so many of pytest's last lines are shown.
LINES_SHOWN = 3


class NoBenchmarksError(Exception):
    """There is nothing to run: no checkout, or no benchmark of that name."""


class Rounds(msgspec.Struct, frozen=True):
    """Seconds of each round."""

    data: list[float]


class Notes(msgspec.Struct, frozen=True):
    """What `bench/micro/conftest.py` notes beside them."""

    title: str
    operations: int
    durability: str


class Timed(msgspec.Struct, frozen=True):
    """One benchmark as pytest-benchmark writes it."""

    extra_info: Notes
    stats: Rounds


class TimedAll(msgspec.Struct, frozen=True):
    """Its file."""

    benchmarks: list[Timed]


def measure(
    pattern: str | None, directory: str | None, progress: Callable[[int, int], object], *, folder: Path = FOLDER
) -> list[Run]:
    """Run the benchmarks.

    Args:
        pattern: which, as pytest's -k takes it; all if None.
        directory: on whose disk stores are; the system's temporary one if None.
        progress: told how many percent are done.
        folder: where they are.

    Raises:
        NoBenchmarksError: there is nothing to run.
        MissingExtraError: pytest or pytest-benchmark is not installed.
        VoidRunError: one of them failed.
    """
    if not (folder / SETTINGS).is_file():
        raise NoBenchmarksError(
            "micro benchmarks are in bench/micro of a checkout, which is not here: they are no part of the wheel. "
            "Clone the repository, and install it by `make .venv`"
        )
    imported("pytest_benchmark")
    with store_path(directory) as path:
        file = Path(path) / "micro.json"
        selected = [] if pattern is None else [f"-k={pattern}"]
        given = [*selected, f"--benchmark-json={file}", f"--basetemp={path}/stores"]
        code, said = run_pytest(given, folder, progress)
        if code == NOTHING_FOUND:
            raise NoBenchmarksError(f"no micro benchmark matches {pattern!r}")
        if code != 0:
            faults = [line for line in said if line.startswith(FAULTS)] or said[-LINES_SHOWN:]
            raise VoidRunError(f"the micro benchmarks failed: {'; '.join(faults)}")
        return runs_of(file.read_bytes())


def run_pytest(options: list[str], folder: Path, progress: Callable[[int, int], object]) -> tuple[int, list[str]]:
    """Run pytest over the folder; its exit code, and what it said."""
    command = [sys.executable, "-m", "pytest", "-v", *PLUGINS, "-c", str(folder / SETTINGS), *options, str(folder)]
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=surroundings()
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.strip():
                    said.append(line.strip())
                share = SHARE_DONE.search(line)
                if share:
                    progress(int(share[1]), 100)
        except BaseException:
            process.kill()  # nobody waits for it any more
            raise
    return process.returncode, said


def surroundings() -> dict[str, str]:
    """The environment without what others told pytest; no plugin comes in by itself, and no line is cut."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"}


def runs_of(content: bytes) -> list[Run]:
    """What pytest-benchmark wrote, as runs."""
    return [
        Run(
            suite="micro",
            workload=timed.extra_info.title,
            subject="actum",
            durability=timed.extra_info.durability,
            figures=[
                Figure("time", "s", "lower", [seconds / timed.extra_info.operations for seconds in timed.stats.data])
            ],
        )
        for timed in msgspec.json.decode(content, type=TimedAll).benchmarks
    ]
