"""The options that verbs share: what can be written, and numbers that are none."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from actum_tui.verbs.bench.options import check_writable, decorated, file_option, finite, measured_disk, writable_file

CONTEXT = click.Context(click.Command("measure"))
OPTION = click.Option(["--save"])


def test_nothing_stays_behind(tmp_path: Path) -> None:
    """A file in directories that are not there yet can be written, and none of them is made before."""
    path = tmp_path / "new" / "deep" / "kept.json"
    assert writable_file(CONTEXT, OPTION, path) == path
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    """It can be written again, and still has what was in it."""
    path = tmp_path / "kept.json"
    path.write_text("kept")
    assert writable_file(CONTEXT, OPTION, path) == path
    assert path.read_text() == "kept"


@pytest.mark.parametrize("path", [".", "/dev/null/kept.json", "/proc/kept.json"])
def test_what_can_not_be_written_is_refused(path: str) -> None:
    """A directory, a file below a file, a file where the system makes none."""
    with pytest.raises(click.BadParameter, match=path):
        writable_file(CONTEXT, OPTION, Path(path))


def test_directories(tmp_path: Path) -> None:
    """One that can be written to is given back; nothing given is nothing."""
    assert measured_disk(CONTEXT, OPTION, str(tmp_path)) == str(tmp_path)
    assert measured_disk(CONTEXT, OPTION, None) is None
    with pytest.raises(click.BadParameter, match="can't be written"):
        check_writable(Path("/proc"), Path("/proc"))


def test_numbers() -> None:
    """NaN and infinity are no numbers here."""
    assert finite(CONTEXT, OPTION, 2.5) == 2.5
    with pytest.raises(click.BadParameter, match="not a number that one could count to"):
        finite(CONTEXT, OPTION, float("nan"))


def test_options_stand_in_their_order() -> None:
    """What is given first is shown first."""
    command = click.command()(decorated(lambda: None, file_option("--first", "One."), file_option("--second", "Two.")))
    assert [option.name for option in command.params] == ["first", "second"]
