"""Real disks that are full, and machines that can't mount any."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

#: Runs what follows in a mount namespace of its own, also for who is not root, where the kernel lets him.
OWN_MOUNTS = ("unshare", "--mount", *(("--map-root-user",) if os.geteuid() else ()))


def filled(disk: Path) -> Path:
    """Have another program take all room of a disk; its file."""
    other = disk / "other"
    with other.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 12))
    assert os.statvfs(disk).f_bavail == 0
    return other


def need_mounts() -> None:
    """Skip a test where nothing can be mounted."""
    tried = subprocess.run([*OWN_MOUNTS, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        lack(f"nothing can be mounted here: {tried.stderr.strip()}")


def lack(reason: str) -> NoReturn:
    """This machine can't run a test: it is skipped, but not where everything has to run."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
