"""`actum top` in a real terminal: it shows up at any size, obeys keys, survives its engine, and leaves no trace."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import ACTUM, running, running_shop
from tests.support.terminal import ASCII_ONLY, SECONDS_MAX, Modes, Terminal, terminal

PLAIN = Modes(alternate=False, cursor=True, mouse=False)
FULL = Modes(alternate=True, cursor=False, mouse=True)
#: What a screen shows that no other one does.
SIGNS = {
    "1": "commands/s",
    "2": "mailbox",
    "3": "following",
    "4": "OrderSummaries",
    "5": "Fulfilment",
    "6": "race",
    "7": "Whose past",
    "8": "fsync",
}
POSITION = re.compile(r"@([\d,]+)")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The process id of a shop that runs."""
    with running_shop(tmp_path_factory.mktemp("shop")) as process:
        yield str(process.pid)


def leave(shell: Terminal) -> None:
    """Quit: everything is as it was, and nothing is left running."""
    shell.press("q")
    shell.wait_for_prompt()
    assert shell.modes() == PLAIN
    assert shell.children() == []
    shell.run("echo", "is seen")
    shell.wait_for("echo 'is seen'\nis seen")  # what is typed is shown again


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 50)])
def test_every_screen_is_one_key_away(shop: str, columns: int, lines: int) -> None:
    """Each number shows its screen, with the state above and the keys below; `q` leaves the terminal as it was."""
    with terminal(columns=columns, lines=lines) as shell:
        shell.run("actum", "top", shop, "--interval", "0.5")
        shell.wait_for("LIVE", f"pid {shop}", "read-only", "Quit")
        assert shell.modes() == FULL
        for key, sign in SIGNS.items():
            shell.press(key)
            screen = shell.wait_for(sign, "LIVE")
            assert len(screen.splitlines()) <= lines
        leave(shell)


def test_figures_move_until_paused(shop: str) -> None:
    """The position in the line above goes on by itself; `space` stops the screen, and again lets it go on."""
    with terminal() as shell:
        shell.run("actum", "top", shop, "--interval", "0.5")
        before = POSITION.findall(shell.wait_for("LIVE", "@"))
        shell.wait_until(lambda screen: POSITION.findall(screen)[:1] > before[:1], "another position")
        shell.press("Space")
        shell.wait_for("PAUSED")
        shell.press("Space")
        shell.wait_until(lambda screen: "PAUSED" not in screen and "LIVE" in screen, "going on")
        leave(shell)


def test_help_and_palette(shop: str) -> None:
    """`?` and F1 list the keys, ctrl+p everything that can be done, with words to find it by."""
    with terminal(columns=100, lines=30) as shell:
        shell.run("actum", "top", shop)
        shell.wait_for("LIVE")
        for key in ("?", "F1"):
            shell.press(key)
            shell.wait_for("Focus Next")
            shell.press(key)
            shell.wait_until(lambda screen: "Focus Next" not in screen, "no help")
        shell.press("C-p")
        shell.wait_for("Search for commands")
        shell.press("Escape")
        shell.wait_until(lambda screen: "Search for commands" not in screen, "no palette")
        leave(shell)


def test_any_size_will_do(shop: str) -> None:
    """It follows the terminal's size, also to one that is too small for anything, and back."""
    with terminal(columns=120, lines=30) as shell:
        shell.run("actum", "top", shop)
        shell.wait_for("LIVE", "Quit")
        for columns, lines in ((200, 50), (20, 5), (1, 1), (80, 24)):
            shell.resize(columns, lines)
            shell.press("1")
        shell.wait_for("LIVE", "commands/s", "Quit")
        leave(shell)


@pytest.mark.parametrize("term", ["xterm-256color", "xterm", "linux", "vt100"])
def test_any_terminal_will_do(shop: str, term: str) -> None:
    """Whatever the terminal calls itself, without colours and without letters beyond ASCII, it can be read."""
    with terminal(term=term, environment=ASCII_ONLY | {"NO_COLOR": "1"}) as shell:
        shell.run("actum", "top", shop)
        screen = shell.wait_for("LIVE", "commands/s", "Quit")
        assert screen.isascii(), sorted(set(screen) - set(map(chr, range(128))))
        assert "\\u" not in screen
        leave(shell)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(shop: str, number: int) -> None:
    """Who is told to end, ends, and tidies up."""
    with terminal() as shell:
        shell.run("actum", "top", shop)
        shell.wait_for("LIVE")
        (child,) = shell.children()
        os.kill(child, number)
        shell.wait_for_prompt()
        assert shell.modes() == PLAIN
        assert shell.children() == []


def test_a_window_that_is_closed_ends_it(shop: str) -> None:
    """No dashboard goes on without anybody who could see it."""
    with terminal() as shell:
        shell.run("actum", "top", shop)
        shell.wait_for("LIVE")
        shell.vanish()
        deadline = time.monotonic() + SECONDS_MAX
        while shell.children():
            assert time.monotonic() < deadline, "it still runs"
            time.sleep(0.05)


def test_an_engine_that_dies_is_missed_and_found_again(tmp_path: Path) -> None:
    """A killed engine is said to be lost; opened again, it is attached to without a key being pressed."""
    store = tmp_path / "shop"
    with terminal() as shell:
        with running_shop(tmp_path, store) as first:
            shell.run("actum", "top", store, "--interval", "0.5")
            shell.wait_for("LIVE", f"pid {first.pid}")
            first.kill()
            shell.wait_for("LOST", "has ended")
        with running_shop(tmp_path, store) as second:
            shell.wait_for("LIVE", f"pid {second.pid}")
            leave(shell)


def test_what_comes_from_data_commands_nothing(tmp_path: Path) -> None:
    """Escape sequences and markup in keys and fields are shown as text on every screen; the terminal obeys none."""
    with running([*ACTUM, "run", "tests.support.hostile_bank:main"], tmp_path) as bank, terminal(columns=160) as shell:
        before = shell.title()
        shell.run("actum", "top", str(bank.pid), "--interval", "0.5")
        shell.wait_for("LIVE")
        for key in "12345681":
            shell.press(key)
            shell.wait_until(lambda screen: "LIVE" in screen and "\u202e" not in screen, "the screen")
            if key in "13":
                shell.wait_for("\\x1b]0;owned")
            assert shell.modes() == FULL
        assert shell.title() == before != "owned"
        leave(shell)


def test_the_demo_and_the_dashboard_end_together() -> None:
    """What `make top` runs: an engine in a child, the dashboard on it; `q` ends both."""
    with terminal() as shell:
        shell.run("actum", "run", "examples.shop.demo.ordinary_day:main", "--top", "--rw")
        shell.wait_for("LIVE", "shop", "rw", "commands/s")
        assert len(shell.children()) >= 2
        leave(shell)


def test_no_engine_is_one_clear_sentence(tmp_path: Path) -> None:
    """Where there is nothing to attach to, that is said on the shell's own screen, with what to do."""
    with terminal(columns=200) as shell:
        shell.run("actum", "top", "nowhere-at-all")
        shell.wait_for("no engine 'nowhere-at-all' can be attached to", "monitor=True")
        shell.wait_for_prompt()
        assert shell.modes() == PLAIN
