"""Where stores of a measurement lie: temporary directories on the disk that is to be measured."""

from __future__ import annotations

import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from actum_bench.process import nurseries
from actum_bench.stopping import stopping_later

PREFIX = "actum-bench-"
#: A process that was killed in the middle of writing may need a moment to be gone.
REMOVALS_MAX = 50
REMOVAL_SECONDS = 0.1


@contextmanager
def store_path(directory: str | None) -> Generator[str]:
    """A new directory that is deleted afterwards.

    Args:
        directory: on whose disk; the system's temporary one if None.
    """
    with TemporaryDirectory(prefix=PREFIX, dir=directory) as path:
        yield path


@contextmanager
def workplace(directory: str | None) -> Generator[str]:
    """A directory for everything that a verb writes while it measures, and nurseries for its measurements.

    When it ends, by a signal too, no process and no file of them is left: processes are killed in the middle of what
    they do, and the directory is deleted here, not by them.

    Args:
        directory: on whose disk; the system's temporary one if None.
    """
    path = mkdtemp(prefix=PREFIX, dir=directory)
    try:
        with nurseries(path):
            yield path
    finally:
        with stopping_later():
            removed(Path(path))


def removed(path: Path) -> None:
    """Delete a directory, also while somebody who is about to be gone still writes into it."""
    for _ in range(REMOVALS_MAX):
        with suppress(OSError):
            shutil.rmtree(path)
        if not path.exists():
            return
        time.sleep(REMOVAL_SECONDS)
    shutil.rmtree(path)
