"""What the storage tests share: open logs and stores, and a real disk so small that it can be filled."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from actum_storage import LmdbLog, StoreDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LmdbLog]:
    """A new LMDB log, open for writing."""
    log = LmdbLog.open(tmp_path / "log", write=True)
    yield log
    log.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreDirectory]:
    """A new store, open for writing."""
    with StoreDirectory.open(tmp_path / "store", write=True) as store:
        yield store


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB of its own."""
    path = tmp_path / "small disk"
    path.mkdir()
    if os.geteuid():
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", path], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield path
    subprocess.run(["umount", path], check=True)
