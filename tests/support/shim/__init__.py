"""The shim that numbers, records, kills and fails a process's calls to the file system; compiled when first needed."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.support.processes import ENVIRONMENT

SOURCE = Path(__file__).with_name("shim.c")


class Call(NamedTuple):
    """One recorded call.

    Attributes:
        number: 1, 2, 3 ...
        name: write, write_synced, fsync, fdatasync, ftruncate, fallocate, create, rename, unlink, mkdir, rmdir.
        path: the file; of a rename, what it was called before.
        offset: where bytes were written.
        data: the bytes.
        other: the new path of a rename, the new size, or "truncated".
    """

    number: int
    name: str
    path: str
    offset: int
    data: bytes
    other: str


@functools.cache
def library() -> Path:
    """The compiled shim.

    Raises:
        RuntimeError: there is no C compiler.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RuntimeError("the shim needs a C compiler: apt-get install gcc libc6-dev")
    target = Path(tempfile.mkdtemp(prefix="actum-shim-")) / "shim.so"
    arguments = [
        "-shared",
        "-fPIC",
        "-O1",
        "-D_LARGEFILE64_SOURCE",
        "-o",
        str(target),
        str(SOURCE),
        "-ldl",
        "-lpthread",
    ]
    subprocess.run([compiler, *arguments], check=True)
    return target


def environment() -> dict[str, str]:
    """The environment of a process with the shim."""
    return {**ENVIRONMENT, "LD_PRELOAD": str(library())}


def configure(
    under: Path, log: Path | None = None, *, kill: int = 0, after: bool = False, fail: int = 0, error: int = 0
) -> None:
    """Begin to number the calls of this process, which was started in `environment()`; see `shim.c`."""
    shim = ctypes.CDLL(os.environ["LD_PRELOAD"])
    where, target = os.fsencode(under), os.fsencode(log) if log is not None else b""
    arguments = map(ctypes.c_long, (kill, after, fail, 1, error))
    shim.shim_configure(ctypes.c_char_p(where), ctypes.c_char_p(target), *arguments)


def recorded(log: Path) -> list[Call]:
    """The calls that were recorded."""
    data = log.read_bytes()
    calls: list[Call] = []
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        number, name, path, offset, size, other = os.fsdecode(data[at:end]).split("\t")
        at = end + 1 + int(size)
        calls.append(Call(int(number), name, path, int(offset), data[end + 1 : at], other))
    return calls
