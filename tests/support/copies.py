"""A copy of a store as it lies on the disk while its engine lives: what a crash would leave."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path


def copy_store(store: Path, copy: Path) -> None:
    """Copy a directory; files of derived state that go meanwhile are left out. No commit may be under way."""
    shutil.copytree(store, copy, copy_function=copy_if_there)


def copy_if_there(source: str, target: str) -> None:
    """One file, unless it has gone."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)
