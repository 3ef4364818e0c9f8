"""`actum bench floor`: the limit alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import exit_code_of
from tests.support.same_process import measure_here

SMALL = ("--commits", 10, "--events", 1_500, "--repeats", 1)


def test_floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each number of clients once, each batch size, and the rebuild; all of it is checked, and nothing stays."""
    measure_here(monkeypatch)
    code, output, errors = exit_code_of(
        "bench", "floor", *SMALL, "--clients", 2, "--clients", 30, "--clients", 2, "--directory", tmp_path, "--json"
    )
    assert code == 0, errors
    runs = json.loads(output)["data"]["runs"]
    assert [(run["durability"], run["subject"]) for run in runs] == [
        ("full", "2 clients"),
        ("full", "30 clients"),
        ("full", "1 event a commit"),
        ("full", "10 events a commit"),
        ("full", "100 events a commit"),
        ("full", "1,000 events a commit"),
        ("memory", "1,500 events"),
    ]
    assert all(check["ok"] for run in runs for check in run["checks"])
    assert not list(tmp_path.iterdir())


def test_relaxed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fsync the title says so; one part alone measures nothing else."""
    measure_here(monkeypatch)
    code, output, errors = exit_code_of("bench", "floor", *SMALL, "--part", "appends", "--durability", "relaxed")
    assert code == 0, errors
    assert "appends by hand" in output
    assert "relaxed" in output
    assert "commands by hand" not in output


@pytest.mark.parametrize(
    "arguments",
    [("--clients", 0), ("--part", "nothing"), ("--commits", -1), ("--durability", "none")],
    ids=lambda arguments: " ".join(map(str, arguments)),
)
def test_bad_input(arguments: tuple[object, ...]) -> None:
    """What can't be measured is refused with a sentence."""
    code, _, errors = exit_code_of("bench", "floor", *arguments)
    assert code == 2
    assert str(arguments[0]) in errors


def test_what_can_not_be_saved_is_shown_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes of measuring are not thrown away because of a full disk; the exit code says that something is missing."""
    measure_here(monkeypatch)
    given = ("bench", "floor", *SMALL, "--part", "rebuild", "--save", "/dev/full")
    code, output, errors = exit_code_of(*given)
    assert code == 2
    assert "1,500 events" in output
    assert "/dev/full can't be written: No space left on device" in errors
    code, output, _ = exit_code_of(*given, "--json")
    answer = json.loads(output)
    assert code == 2
    assert answer["data"]["runs"]
    assert answer["error"]["message"] == "/dev/full can't be written: No space left on device"


def test_few_clients_open_few_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand accounts by one client would take minutes before the clock starts."""
    measure_here(monkeypatch)
    code, output, errors = exit_code_of("bench", "floor", *SMALL, "--part", "commands", "--clients", 1, "--json")
    assert code == 0, errors
    (run,) = json.loads(output)["data"]["runs"]
    (sent,) = [figure for figure in run["figures"] if figure["name"] == "sent"]
    assert sent["samples"] == [110.0]
