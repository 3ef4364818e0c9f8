"""What the user's project says, when it says nonsense."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.commands import exit_code_of


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("raise ValueError('no way')", "ValueError: no way"),
        ("def (", "SyntaxError: "),
        ("x = 7", "neither a list of classes"),
        ("", "has no attribute 'x'"),
    ],
)
def test_an_app_that_is_none(module: str, reason: str, one_event: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens when it is imported is said, and is the user's own affair."""
    Path("someapp.py").write_text(module)
    monkeypatch.syspath_prepend(str(Path.cwd()))
    monkeypatch.delitem(sys.modules, "someapp", raising=False)
    code, said, complained = exit_code_of("views", "ls", "-s", one_event, "-a", "someapp:x")
    assert (code, said) == (2, "")
    assert f"--app someapp:x: {reason}" in complained or reason in complained
    assert "please report" not in complained
    assert "write MODULE:ATTRIBUTE" in exit_code_of("views", "ls", "-s", one_event, "-a", "someapp")[2]
    assert "please report" not in exit_code_of("views", "ls", "-s", one_event, "-a", ".someapp:x")[2]


@pytest.mark.parametrize("line", ["store = 5", 'app = ["x"]\nstore = "bank"', "store = true"])
def test_settings_of_another_type(line: str, one_event: str) -> None:
    """They are refused by name."""
    del one_event
    Path("pyproject.toml").write_text(f"[tool.actum]\n{line}\n")
    code, _, complained = exit_code_of("views", "ls")
    assert code == 2
    assert "must be a text in quotes" in complained
    for content in ("tool = 7", "[tool]\nactum = 7"):
        Path("pyproject.toml").write_text(content)
        assert "which store?" in exit_code_of("status")[2]
