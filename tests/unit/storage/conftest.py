"""What the storage tests share: open logs and stores."""

from __future__ import annotations

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
