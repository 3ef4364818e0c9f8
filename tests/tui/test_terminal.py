"""The `actum` command in a real terminal: what it draws there, and how it leaves it."""

from __future__ import annotations

from pathlib import Path

import actum
import pytest

from tests.support.bank import Deposit, Note, open_bank
from tests.support.terminal import ASCII_ONLY, Modes, terminal

PLAIN = Modes(alternate=False, cursor=True, mouse=False)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of two events, one of them with what a terminal would take for commands."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=7))
            await bank.send(Note(account_id="a-1", text="\x1b[?1049h\x1b[2J[bold]überall[/bold]"))

    actum.run(fill())
    return tmp_path / "bank"


def test_what_is_shown_fits_the_terminal(store: Path) -> None:
    """Events are shown as data in as many columns as there are, and the shell is back afterwards."""
    with terminal(columns=100) as shell:
        shell.run("actum", "events", "ls", "--store", store)
        shell.wait_for("Noted")
        screen = shell.wait_for_prompt()
        assert "[bold]überall[/bold]" in "".join(screen.split())
        assert shell.modes() == PLAIN


def test_a_tail_ends_with_control_c(store: Path) -> None:
    """What follows the log shows what is there, ends on Ctrl-C, and leaves nothing running."""
    with terminal() as shell:
        shell.run("actum", "events", "tail", "-f", "--store", store)
        shell.wait_for("Deposited")
        assert len(shell.children()) == 1
        shell.press("C-c")
        shell.wait_for_prompt()
        assert shell.children() == []


@pytest.mark.parametrize("term", ["xterm-256color", "vt100", "dumb"])
def test_a_poor_terminal_gets_plain_letters(store: Path, term: str) -> None:
    """Whatever the terminal is, what is shown is readable, and nothing in it is a colour where there are none."""
    with terminal(term=term, environment=ASCII_ONLY | {"NO_COLOR": "1"}) as shell:
        shell.run("actum", "status", "--store", store)
        shell.wait_for("event types")
        shell.wait_for_prompt()
        assert "\x1b[3" not in shell.screen(colours=True)
