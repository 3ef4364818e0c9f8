"""One measurement, one process: what it gives, what becomes of one that gives nothing, and what is left of any."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from actum_bench.process import VoidRunError, in_child, nurseries
from actum_bench.results import Sample
from actum_bench.stores import store_path, workplace

LEFT: list[float] = []


@pytest.fixture(scope="module", autouse=True)
def one_nursery() -> Iterator[None]:
    """They are quick to fork, and slow to start."""
    with nurseries(count=1):
        yield


def given(*, value: float) -> Sample:
    """A measurement, which leaves something in its process."""
    LEFT.append(value)
    return Sample({"value": value, "left": len(LEFT), "process": os.getpid(), "parent": os.getppid()})


def failing(*, why: str) -> Sample:
    """One that raises."""
    raise ValueError(why)


def silent() -> Sample:
    """One whose process ends without a word."""
    raise SystemExit(0)


def killed() -> Sample:
    """One whose process is killed."""
    os.abort()


def hashed() -> Sample:
    """The hash of a text, and where a new object lies."""
    return Sample({"hash": hash("a text")})


def serving(*, where: str) -> Sample:
    """One that leaves a process behind, which has a pipe open."""
    program = "import signal; print(1, flush=True); signal.pause()"
    with Path(where).open("w") as pipe:
        subprocess.Popen([sys.executable, "-c", program], stdout=pipe)
    return Sample({})


def storing(*, where: str) -> Sample:
    """One that leaves a store in the middle of it."""
    with store_path(None) as path:
        Path(where).write_text(path)
        os.abort()


def test_what_a_measurement_gives() -> None:
    """Its values, by name."""
    assert in_child(given, value=1.5).values["value"] == 1.5


def test_nothing_of_an_earlier_one() -> None:
    """Each is a process of its own, forked from the same one, and finds nothing that another left."""
    first, second = in_child(given, value=1), in_child(given, value=2)
    assert (first.values["left"], second.values["left"]) == (1, 1)
    assert first.values["process"] != second.values["process"]
    assert first.values["parent"] == second.values["parent"] != os.getpid()


def test_a_measurement_that_raises_is_void() -> None:
    """With the last line of what it said."""
    with pytest.raises(VoidRunError, match="failing failed: ValueError: no disk"):
        in_child(failing, why="no disk")


def test_a_measurement_that_says_nothing_is_void() -> None:
    """It gave no figures, and that is said."""
    with pytest.raises(VoidRunError, match="silent gave no figures: nothing at all"):
        in_child(silent)


def test_a_measurement_that_is_killed_is_void() -> None:
    """And the next one is carried out."""
    with pytest.raises(VoidRunError, match="killed failed: "):
        in_child(killed)
    assert in_child(given, value=2).values["value"] == 2


def test_repeats_have_a_nursery_each() -> None:
    """The hashes of texts are others in each, as if Python was started anew; the third is the first one's again."""
    with nurseries(count=2):
        hashes = [in_child(hashed).values["hash"] for _ in range(3)]
    assert hashes[0] == hashes[2] != hashes[1]


def test_what_a_measurement_started_ends_with_it(tmp_path: Path) -> None:
    """No process that it left goes on: nobody has the other end of the pipe any more."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    in_child(serving, where=str(path))
    os.set_blocking(reading, True)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() in {b"", b"1\n"}  # it was killed before or after it said so


def test_a_store_of_one_that_was_killed(tmp_path: Path) -> None:
    """It lies in the directory of the verb, and goes with it."""
    told = tmp_path / "told"
    with workplace(None) as place, pytest.raises(VoidRunError):
        in_child(storing, where=str(told))
    assert Path(told.read_text()).parent == Path(place)
    assert not Path(place).exists()
