"""`actum top` and `actum top --serve`: what is missing or wrong is told before anything is shown."""

from __future__ import annotations

import sys

import pytest

from tests.support.commands import exit_code_of


def refused(*arguments: str) -> str:
    """The sentence that a person gets: without `--once` there is no other reader."""
    code, said, complained = exit_code_of(*arguments)
    assert (code, said) == (2, ""), said + complained
    return complained.rpartition("Error: ")[2].removeprefix("actum top: ").strip()


@pytest.mark.parametrize(
    ("package", "arguments", "extra"),
    [
        ("textual", (), "tui"),
        ("textual", ("--serve", "8000"), "web-tui"),
        ("textual_serve", ("--serve", "8000"), "web-tui"),
    ],
)
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, arguments: tuple[str, ...], extra: str
) -> None:
    """Without the packages that draw or serve the dashboard one sentence says what to type."""
    monkeypatch.setitem(sys.modules, package, None)
    assert refused("top", *arguments) == f"{package} is missing: pip install 'actum[{extra}]'"


def test_a_served_dashboard_is_read_only() -> None:
    """Nobody acts on an engine from a browser."""
    assert refused("top", "--serve", "8000", "--rw").startswith("--serve is read-only")


@pytest.mark.parametrize("where", ["0.0.0.0:8000", "[::]:80", "example.com"])
def test_a_dashboard_is_served_on_this_machine(where: str) -> None:
    """Other places are refused before anything is looked at."""
    assert "on this machine alone" in refused("top", "nowhere", "--serve", where)


def test_what_is_served_must_be_there() -> None:
    """The target is tried before anybody is told an address."""
    assert "can be attached to" in refused("top", "no-such-engine", "--serve", "127.0.0.1:0")


def test_a_pipe_is_no_terminal() -> None:
    """The dashboard is not drawn where nobody could see it; what can be had there is named."""
    code, said, complained = exit_code_of("top")
    assert (code, said) == (2, "")
    assert "needs a terminal" in complained
    assert "--once" in complained
    assert "--once" in exit_code_of("top", "--json")[1]


@pytest.mark.parametrize("option", [("--rw",), ("--record", "file"), ("--serve", "8000")])
def test_one_look_does_nothing_else(option: tuple[str, ...]) -> None:
    """What would be left undone is refused: somebody would look for the recording."""
    assert refused("top", "nowhere", "--once", *option).startswith("--once is one look")
