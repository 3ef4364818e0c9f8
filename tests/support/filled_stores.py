"""Filled stores for tests of measurements: made in this process, and some that hold something else than they say."""

from __future__ import annotations

from pathlib import Path

import msgspec
from actum_bench.filled import Shape, fill


def fill_workspace(workspace: Path, shape: Shape, *, really: Shape | None = None) -> str:
    """Put the filled store of a shape into a workspace.

    Args:
        workspace: a directory.
        shape: what its name says.
        really: what is in it, if that is something else.
    """
    sample = fill(path=str(workspace / shape.name), **msgspec.structs.asdict(really or shape))
    assert all(check.ok for check in sample.checks)
    return str(workspace)
