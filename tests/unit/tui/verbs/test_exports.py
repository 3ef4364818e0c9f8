"""A file that is made whole or not at all."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO, Any

import pytest
from actum_tui.verbs import exports

#: More than the steps of one file.
STEPS_MAX = 30


def interrupted_at(step: int, seen: list[str]) -> Callable[[FrameType, str, object], Any]:
    """A trace that raises KeyboardInterrupt before one line of write_whole or of what it calls in its file."""

    def trace(frame: FrameType, event: str, _argument: object) -> Any:  # what sys.settrace takes
        if frame.f_code.co_filename != exports.__file__:
            return None
        if event == "line" and "unlink" not in (line := linecache.getline(exports.__file__, frame.f_lineno)):
            seen.append(line)
            if len(seen) == step:
                raise KeyboardInterrupt
        return trace

    return trace


def four_bytes(stream: IO[bytes]) -> int:
    """A small content."""
    return stream.write(b"rows")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # one stream opened, not yet entered
def test_an_interrupt_before_any_line_leaves_nothing_half_done(tmp_path: Path) -> None:
    """There is the whole file, or none; never the unfinished one."""
    for step in range(1, STEPS_MAX):
        seen: list[str] = []
        directory = tmp_path / str(step)
        directory.mkdir()
        before = sys.gettrace()
        sys.settrace(interrupted_at(step, seen))
        try:
            exports.write_whole(directory / "made", four_bytes)
        except KeyboardInterrupt:
            sys.settrace(before)
        else:
            sys.settrace(before)
            break
        assert [entry.name for entry in directory.iterdir()] in ([], ["made"]), seen[-1]
    assert 8 < step < STEPS_MAX - 1
    assert (directory / "made").read_bytes() == b"rows"
    assert (directory / "made").stat().st_mode & 0o077 == 0


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    """It is never overwritten."""

    def late(stream: IO[bytes]) -> int:
        (tmp_path / "made").write_text("other")
        return four_bytes(stream)

    with pytest.raises(exports.click.UsageError, match="exists already"):
        exports.write_whole(tmp_path / "made", late)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("made", "other")]
