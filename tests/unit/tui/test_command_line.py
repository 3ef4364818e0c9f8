"""What is wrong with the command line itself, or with what it names: a sentence, in the form that was asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import actum
import pytest
from actum_tui.command import command
from actum_tui.output import TABLE_ROWS_MAX, Listing, show_listing
from click.testing import CliRunner

from tests.support.bank import Deposit, open_bank


def exit_code_of(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], prog_name="actum")
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A closed store with one event; the working directory is beside it."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))

    actum.run(fill())
    monkeypatch.chdir(tmp_path)
    return str(tmp_path / "bank")


@pytest.mark.parametrize(
    "arguments",
    [
        ("events", "show", "abc"),
        ("events", "ls", "--since", "yesterday"),
        ("events", "ls", "--limit", "0"),
        ("restore", "a", "b", "--position", "-5"),
        ("events", "nothing"),
        ("nothing",),
        ("status", "--nothing"),
        ("backup",),
    ],
    ids=" ".join,
)
def test_parameters(arguments: tuple[str, ...], store: str) -> None:
    """People get usage and the error, programs one envelope; the exit code is 2."""
    code, said, complained = exit_code_of(*arguments, "-s", store)
    assert (code, said) == (2, "")
    assert "Usage: actum" in complained
    assert "Error: " in complained
    code, said, complained = exit_code_of(*arguments, "-s", store, "--json")
    envelope = json.loads(said)
    assert (code, complained, envelope["data"]) == (2, "", None)
    assert envelope["error"]["message"]


def test_escapes_in_parameters(store: str) -> None:
    """What was typed is shown as data too."""
    for arguments in (
        ("views", "show", "\x1b[31mX", "-a", "tests.support.bank_app:BANK"),
        ("events", "show", "\x1b[2J"),
    ):
        code, _, complained = exit_code_of(*arguments, "-s", store)
        assert code == 2
        assert "\x1b" not in complained
        assert "\\x1b[" in complained


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
def test_an_app_that_is_none(module: str, reason: str, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens when it is imported is said, and is the user's own affair."""
    Path("someapp.py").write_text(module)
    monkeypatch.syspath_prepend(str(Path.cwd()))
    monkeypatch.delitem(sys.modules, "someapp", raising=False)
    code, said, complained = exit_code_of("views", "ls", "-s", store, "-a", "someapp:x")
    assert (code, said) == (2, "")
    assert f"--app someapp:x: {reason}" in complained or reason in complained
    assert "please report" not in complained
    assert "write MODULE:ATTRIBUTE" in exit_code_of("views", "ls", "-s", store, "-a", "someapp")[2]
    assert "please report" not in exit_code_of("views", "ls", "-s", store, "-a", ".someapp:x")[2]


@pytest.mark.parametrize("line", ["store = 5", 'app = ["x"]\nstore = "bank"', "store = true"])
def test_settings_of_another_type(line: str, store: str) -> None:
    """They are refused by name."""
    del store
    Path("pyproject.toml").write_text(f"[tool.actum]\n{line}\n")
    code, _, complained = exit_code_of("views", "ls")
    assert code == 2
    assert "must be a text in quotes" in complained
    for content in ("tool = 7", "[tool]\nactum = 7"):
        Path("pyproject.toml").write_text(content)
        assert "which store?" in exit_code_of("status")[2]


def test_warnings_are_beside_every_answer(store: str) -> None:
    """Also where an engine found them; each of them once."""
    Path(store).chmod(0o755)
    for verb in (("status",), ("views", "ls"), ("state", "Account", "a-1"), ("verify",), ("compact",)):
        code, said, complained = exit_code_of(*verb, "-s", store, "-a", "tests.support.bank_app:BANK", "--json")
        assert (code, complained) == (0, ""), said
        (warning,) = json.loads(said)["warnings"]
        assert "is open to others (mode 0755)" in warning


def test_listings(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns stand below each other, wide characters counted; long ones are lines, which take no time to lay out."""
    listing = Listing(("name", "number"), frozenset({"number"}))
    listing.add("漢字", 7)
    listing.add("ascii", 1_234_567)
    listing.add(None, None)
    show_listing(listing)
    assert capsys.readouterr().out.splitlines() == [
        "name      number",
        "漢字           7",
        "ascii  1,234,567",
        "",
    ]
    for number in range(2 * TABLE_ROWS_MAX):
        listing.add("x", number)
    show_listing(listing)
    assert len(capsys.readouterr().out.splitlines()) == 2 * TABLE_ROWS_MAX + 4
