"""What tests of several rooms share: no deadlines in properties, a small disk that can be filled, a PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.disks import lack
from tests.support.postgres import PrivatePostgres, private_postgres

settings.register_profile("actum", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("actum")

#: A shell has its background jobs ignore SIGINT, and their children after them; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test logged may hold what no file and no pipe between processes can: half a character, for one."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB of its own."""
    path = tmp_path / "small disk"
    path.mkdir()
    if os.geteuid():
        lack("mounting a small disk needs root")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", path], capture_output=True, check=False)
    if mounted.returncode:
        lack(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield path
    subprocess.run(["umount", path], check=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """A PostgreSQL of this session's own, started by the first test that needs it."""
    with private_postgres() as server:
        yield server
