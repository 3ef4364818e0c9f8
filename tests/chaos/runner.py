"""A process with the shim in which children are forked that live the script, or judge what is left of one.

A line of JSON is a request, a line of JSON the answer. Forking a process that has everything loaded takes milliseconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Self

from tests.chaos import script
from tests.chaos.forked import forked
from tests.chaos.mutants import plant
from tests.support import shim


class Runner(AbstractContextManager["Runner"]):
    """The process, from the outside."""

    def __init__(self, mutant: str = "") -> None:
        """Start it, broken in one way if a mutant is named; what judges is whole."""
        self._mutant = mutant
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=shim.environment(),
        )

    def live(self, directory: Path, turns: int, **settings: Any) -> str:
        """Have the script lived, with the shim's settings; what failed, or "died: SIGKILL"."""
        return self._ask(work="live", mutant=self._mutant, directory=str(directory), turns=turns, **settings)

    def judge(self, directory: Path, told: set[int], sent: int) -> str:
        """Have what is there judged; "" if every promise holds."""
        return self._ask(work="judge", directory=str(directory), told=sorted(told), sent=sent)

    def _ask(self, **request: Any) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        answer: str = json.loads(stdout.readline())
        return answer

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def answer(request: dict[str, Any]) -> str:
    """Do what was asked, in a child."""
    directory = Path(request["directory"])
    if request["work"] == "judge":
        return forked(partial(script.judged, directory, set(request["told"]), request["sent"]))

    def live() -> str:
        plant(request["mutant"])
        log = request.get("log")
        shim.configure(
            Path(request.get("under", directory)),
            None if log is None else Path(log),
            kill=request.get("kill", 0),
            after=request.get("after", False),
            fail=request.get("fail", 0),
            error=request.get("error", 0),
        )
        return script.run(directory, request["turns"])

    return forked(live)


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
