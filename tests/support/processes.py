"""Runs Python in processes of its own: for what may die of a signal, and for a second process beside the test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import IO, Self

#: Long enough for a loaded machine, short enough for a hanging child to be found.
SECONDS_MAX = 50

#: The children find `tests.support` too.
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
}


def run_python(code: str, *arguments: object) -> str:
    """What the code printed; a failure shows its standard error, or the signal that killed it."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


class Conversation:
    """A process that answers one line for each line it is sent; killed at the end."""

    def __init__(self, code: str, *arguments: object) -> None:
        """Start it and wait for its first line."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", dedent(code), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        self.first_line = self._read()

    def ask(self, line: str) -> str:
        """Send a line and wait for the answer."""
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(line + "\n")
        stdin.flush()
        return self._read()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self.process.wait(SECONDS_MAX)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it if it still runs, and close its pipes."""
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> str:
        stdout: IO[str] | None = self.process.stdout
        assert stdout is not None
        return stdout.readline().strip()
