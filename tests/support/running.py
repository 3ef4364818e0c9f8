"""An engine in a process of its own, with people in it, that a dashboard can be attached to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import actum
from actum.monitor import Detached, NoEngine, attach

from tests.support.sources import PACKAGES, ROOT

SECONDS_MAX = 40
ACTUM = (sys.executable, "-c", "from actum_tui import main; main()")
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([*(str(ROOT / folder) for folder in PACKAGES), str(ROOT)])}


@contextmanager
def running_shop(directory: Path, store: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A shop in which somebody orders something a few times a second; ended at the end, if it was not before.

    Args:
        directory: for what it prints.
        store: where; a temporary directory, if None.
    """
    with (directory / "shop.log").open("ab") as said:
        call = (
            (*ACTUM, "run", "examples.shop.demo.ordinary_day:main")
            if store is None
            else (sys.executable, "-m", "examples.shop.demo.ordinary_day", str(store))
        )
        process = subprocess.Popen(call, stdout=said, stderr=said, env=ENVIRONMENT, cwd=directory)
    try:
        wait_until_attachable(process, directory / "shop.log")
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait(SECONDS_MAX)


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
