"""A PostgreSQL of the tests' own, from the machine's programs: in a temporary directory, on a Unix socket."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.disks import lack

SECONDS_MAX = 60


class PrivatePostgres:
    """A server; from `private_postgres`."""

    def __init__(self, programs: Path, directory: Path) -> None:
        """Make its files; it does not run yet."""
        self._programs = programs
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        #: It refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user is not None:
            shutil.chown(directory, self._user)
        self._run("initdb", "--pgdata=data", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")

    def start(self) -> None:
        """Run, and wait until it answers."""
        with (self._directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._programs / "postgres",
                    *("-D", "data", "-k", str(self._directory), "-c", "listen_addresses="),
                    *("-c", "fsync=off", "-c", "max_connections=100"),  # no test cuts the power
                ],
                cwd=self._directory,
                user=self._user,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + SECONDS_MAX
        while subprocess.run(
            [self._programs / "pg_isready", "-q", "-h", self._directory], check=False
        ).returncode:  # it may still recover
            said = (self._directory / "server.log").read_text()
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it: SIGINT ends its connections, SIGQUIT everything at once, as a crash does."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(SECONDS_MAX)
            self._process = None

    def new_database(self) -> str:
        """An empty database; its address for SQLAlchemy."""
        self._databases += 1
        name = f"test_{self._databases}"
        self._run("createdb", "-h", str(self._directory), "-U", "postgres", name)
        return f"postgresql+asyncpg://postgres@/{name}?host={self._directory}"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self._directory,
            user=self._user,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """A server that runs, gone at the end; where there is none to be had the test is skipped."""
    programs = postgres_programs()
    if programs is None:
        lack("PostgreSQL is not installed: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="actum-postgres-", dir="/tmp") as directory:  # a short path, for its socket
        server = PrivatePostgres(programs, Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def postgres_programs() -> Path | None:
    """Where the newest server's programs are, if there are any."""
    found = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and (path := shutil.which("initdb")) is not None:
        found = [Path(path)]
    return max(
        (path.parent for path in found), key=lambda path: [int(n) for n in path.parts if n.isdigit()], default=None
    )
