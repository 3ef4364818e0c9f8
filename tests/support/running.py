"""An engine in a process of its own, with people in it, that a dashboard can be attached to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import actum
from actum.monitor import Detached, NoEngine, attach

from tests.support.sources import PACKAGES, ROOT

SECONDS_MAX = 40
ACTUM = (sys.executable, "-c", "from actum_tui import main; main()")
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([*(str(ROOT / folder) for folder in PACKAGES), str(ROOT)])}


@contextmanager
def running(call: Sequence[str], directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with an engine that can be attached to; ended at the end, if it was not before.

    Args:
        call: what to run.
        directory: for what it prints.
    """
    log = directory / "engine.log"
    with log.open("ab") as said:
        process = subprocess.Popen(call, stdout=said, stderr=said, env=ENVIRONMENT, cwd=directory)
    try:
        wait_until_attachable(process, log)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait(SECONDS_MAX)


@contextmanager
def running_shop(directory: Path, store: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A shop in which somebody orders something a few times a second; ended at the end, if it was not before.

    Args:
        directory: for what it prints.
        store: where; a temporary directory, if None.
    """
    if store is None:
        call = [*ACTUM, "run", "examples.shop.demo.ordinary_day:main"]
    else:
        call = [sys.executable, "-m", "examples.shop.demo.ordinary_day", str(store)]
    with running(call, directory) as process:
        yield process


def wait_until_attachable(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until an engine in a process can be attached to."""

    async def look() -> bool:
        try:
            async with await attach(process.pid):
                return True
        except (NoEngine, Detached):
            return False

    deadline = time.monotonic() + SECONDS_MAX
    while not actum.run(look()):
        assert process.poll() is None, f"it has ended:\n{log.read_text(errors='replace')}"
        assert time.monotonic() < deadline, f"it can't be attached to:\n{log.read_text(errors='replace')}"
        time.sleep(0.1)
