"""`actum run`: an engine in a process of its own, and the dashboard on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import refused
from tests.support.sources import ROOT
from tests.support.terminal import terminal

PROGRAM = """
import asyncio, sys
import actum
from tests.support.bank import Deposit, open_bank

engine = open_bank("store")

async def main():
    async with open_bank("store", monitor=True) as bank:
        await bank.send(Deposit(account_id="a", amount=1))
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()

async def lingers():
    async with open_bank("store", monitor=True):
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(5)

async def fails():
    print("this is what it said")
    raise ValueError("[bold]why[/bold]")

number = 3
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module `program` in the working directory."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return tmp_path


@pytest.mark.parametrize("attribute", ["main", "engine"])
def test_until_it_is_told_to_end(program: Path, attribute: str) -> None:
    """The engine is open until SIGTERM comes, and closed then."""
    command = [sys.executable, "-c", "from actum_tui import main; main()", "run", f"program:{attribute}"]
    child = subprocess.Popen(command, cwd=program, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    if attribute == "main":
        assert child.stdout.readline() == "ready\n"
    else:
        while not (program / "store" / "MANIFEST").exists():
            assert child.poll() is None
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 128 + signal.SIGTERM
    child.stdout.close()


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("program", "write MODULE:ATTRIBUTE"),
        ("missing:engine", "No module named 'missing'"),
        ("program:nothing", "has no attribute"),
        ("program:number", "neither an engine that is not open yet nor an async function"),
    ],
)
def test_what_can_not_be_run(program: Path, what: str, sentence: str) -> None:
    """The sentence says why."""
    assert sentence in refused("run", what)


def test_the_dashboard_needs_a_terminal(program: Path) -> None:
    """It says so."""
    assert "needs a terminal" in refused("run", "program:engine", "--top")


def test_with_the_dashboard(program: Path) -> None:
    """It shows the engine of the child; both end together."""
    with terminal(columns=100) as shell:
        shell.run("cd", program)
        shell.run("actum", "run", "program:main", "--top")
        shell.wait_for("LIVE", "store", "@1")
        assert len(shell.children()) >= 2
        shell.press("q")
        shell.wait_for_prompt()
        assert shell.children() == []


def test_a_child_that_fails(program: Path) -> None:
    """What it has said last is shown, as text."""
    with terminal(columns=100) as shell:
        shell.run("cd", program)
        shell.run("actum", "run", "program:fails", "--top")
        screen = shell.wait_for("the engine's process ended", "ValueError")
        assert "this is what it said" in screen
        assert "[bold]why[/bold]" in screen


def test_a_child_that_is_long_in_closing(program: Path) -> None:
    """Who has seen enough is not kept: it is said that the engine's process goes on."""
    wait = (
        "import sys; from actum_tui.verbs import run; run.CLOSE_SECONDS_MAX = 0.1; from actum_tui import main; main()"
    )
    with terminal(columns=100) as shell:
        shell.run("cd", program)
        shell.run("python", "-c", wait, "run", "program:lingers", "--top")
        shell.wait_for("LIVE", "store")
        shell.press("q")
        screen = shell.wait_for("is still closing")
        assert "Traceback" not in screen
        shell.wait_for_prompt()
        shell.wait_until(lambda _: shell.children() == [], "the engine's process to end")
