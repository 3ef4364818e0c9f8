"""One look at any source, without a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from actum_tui.command import command
from click.testing import CliRunner

from tests.unit.tui.top.test_recording import recorded


def called(*arguments: str) -> tuple[int, str]:
    """The exit code and what was printed."""
    result = CliRunner().invoke(command, ["top", *arguments, "--once", "--interval", "0.5"])
    return result.exit_code, result.output


@pytest.mark.parametrize("screen", ["overview", "events", "views", "processes", "storage"])
def test_a_directory(one_event: str, screen: str) -> None:
    """Every screen that needs no engine, for programs and for people."""
    code, text = called(one_event, "--screen", screen, "--json")
    answer = json.loads(text)
    assert (code, answer["error"], answer["verb"]) == (0, None, "top")
    facts = answer["data"]
    assert (facts["source"], facts["screen"], facts["position"], facts["condition"]) == ("store", screen, 1, "stopped")
    assert called(one_event, "--screen", screen)[0] == 0


def test_what_a_directory_does_not_have(one_event: str) -> None:
    """Where it is to be had is said."""
    code, text = called(one_event, "--screen", "actors")
    assert code == 2
    assert "attach to it, opened with monitor=True" in text


def test_a_recording(tmp_path: Path) -> None:
    """Its last moment."""
    code, text = called(str(recorded(tmp_path / "file")), "--json")
    facts = json.loads(text)["data"]
    assert (code, facts["source"], facts["position"]) == (0, "recording", 30)


def test_what_is_neither(tmp_path: Path) -> None:
    """A file that is no recording, and nothing at all."""
    (tmp_path / "notes").write_text("notes")
    assert "no recording" in called(str(tmp_path / "notes"))[1]
    assert "no such file" in called(str(tmp_path / "nothing"))[1]
