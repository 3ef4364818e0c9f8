"""Where stores of a measurement lie: temporary directories on the disk that is to be measured."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from tempfile import TemporaryDirectory


@contextmanager
def store_path(directory: str | None) -> Generator[str]:
    """A new directory that is deleted afterwards.

    Args:
        directory: on whose disk; the system's temporary one if None.
    """
    with TemporaryDirectory(prefix="actum-bench-", dir=directory) as path:
        yield path
