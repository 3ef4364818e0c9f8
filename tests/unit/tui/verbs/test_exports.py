"""A file that is made whole or not at all."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO, Any

import click
import pytest
from actum_tui.verbs import exports


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


def interrupted(path: Path, step: int) -> str | None:
    """Make a file and interrupt it: the line before which it was, None if it was whole before so many lines."""
    seen: list[str] = []
    before = sys.gettrace()
    sys.settrace(interrupted_at(step, seen))
    try:
        exports.write_whole(path, four_bytes)
    except KeyboardInterrupt:
        return seen[-1]
    finally:
        sys.settrace(before)
    return None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # one stream opened, not yet entered
def test_an_interrupt_before_any_line_leaves_nothing_half_done(tmp_path: Path) -> None:
    """There is the whole file, or none; never the unfinished one."""
    made, lines = tmp_path / "made", 0
    while line := interrupted(made, lines + 1):
        assert list(tmp_path.iterdir()) in ([], [made]), line
        made.unlink(missing_ok=True)
        lines += 1
    assert lines >= 8
    assert (made.read_bytes(), made.stat().st_mode & 0o077) == (b"rows", 0)


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    """It is never overwritten."""

    def late(stream: IO[bytes]) -> int:
        (tmp_path / "made").write_text("other")
        return four_bytes(stream)

    with pytest.raises(click.UsageError, match="exists already"):
        exports.write_whole(tmp_path / "made", late)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("made", "other")]
