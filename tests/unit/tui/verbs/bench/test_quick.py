"""`actum bench quick`: what it gives to programs, and what is left of it when a signal ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from actum_bench import quick

from tests.support.commands import exit_code_of
from tests.support.same_process import measure_here

#: The verb, with one measurement that says where it is and then goes on for ever, having started a process itself.
PROGRAM = """
import sys
from actum_bench import quick
from actum_bench.experiments import Experiment
from actum_bench.process import measure_of
from actum_tui.command import command
from tests.unit.tui.verbs.bench.test_quick import endless

def experiments(directory, repeats):
    return [Experiment("floor", "w", "full", {"s": measure_of(endless, directory=directory)}, [], repeats)]

quick.experiments = experiments
command(["bench", "quick", "--directory", sys.argv[1]])
"""

WAITING = "import signal; print(2, flush=True); signal.pause()"
#: Where `tests` can be imported from.
CHECKOUT = Path(__file__).parents[5]


def endless(*, directory: str) -> None:
    """Say so, have another process say so too, and wait for ever beside a store; the pipe is closed when both end."""
    Path(directory, "store").write_text("something")
    with Path(directory).parent.joinpath("begun").open("w") as pipe:
        pipe.write("1")
        pipe.flush()
        subprocess.run([sys.executable, "-c", WAITING], stdout=pipe, check=True)


def test_programs_get_the_ratios_to_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each goal has its median and whether it is reached, and all ratios stand together."""
    measure_here(monkeypatch)
    monkeypatch.setattr(quick, "experiments", partial(quick.experiments, rows=1_000, events=100, part=0.001))
    code, out, err = exit_code_of("bench", "quick", "--repeats", 1, "--json")
    assert code == 0, err
    data = json.loads(out)["data"]
    floors = {"commands/s, 1,000 clients, of the floor", "commands/s, 1 client, of the floor", "rebuild, of the floor"}
    assert floors < data["ratios"].keys()
    for goal in data["goals"]:
        assert goal["median"] == goal["samples"][0]
        assert goal["reached"] is (
            goal["median"] >= goal["bound"] if goal["better"] == "higher" else goal["median"] <= goal["bound"]
        )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """Neither the child that measures, nor what that started, nor its store, although the signal comes twice."""
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    program = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT) as verb, begun.open("rb") as said:
        assert said.read(3) == b"12\n"  # both are there
        verb.send_signal(number)
        verb.send_signal(number)
        _, errors = verb.communicate(timeout=30)
        assert said.read() == b""  # both are gone
    assert verb.returncode == 128 + number, errors
    assert [path.name for path in tmp_path.iterdir()] == ["begun"]
