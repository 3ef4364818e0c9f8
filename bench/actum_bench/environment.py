"""Where figures were taken: machine, system, versions, disk. A figure without this says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import actum
import msgspec

#: Packages that figures depend on.
PACKAGES = ("actum", "msgspec", "lmdb", "uvloop")
FSYNC_SAMPLES = 50
MEMORY_FILE_SYSTEMS = {"tmpfs", "ramfs"}


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The machine and what ran on it.

    Attributes:
        taken: when, ISO 8601 in UTC.
        cpu: its model.
        cores: how many this process may use.
        governor: how the clock is set, where the system says.
        memory_bytes: of the machine.
        load: of the minute before.
        system: name and release of the kernel, without what a builder adds to it.
        python: implementation and version.
        packages: versions.
        revision: of the checkout, with "+" if it is changed; empty outside one.
        file_system: of the directory measured in.
        fsync_seconds: median of writing and syncing 4 kB there.
        warnings: what makes figures worth less.
    """

    taken: str
    cpu: str
    cores: int
    governor: str
    memory_bytes: int
    load: float
    system: str
    python: str
    packages: dict[str, str]
    revision: str
    file_system: str
    fsync_seconds: float
    warnings: list[str]

    @property
    def line(self) -> str:
        """The most important of it in one line."""
        packages = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        return (
            f"{self.cpu}, {self.cores} cores; {self.system}; {self.python}; {packages}; {self.file_system}, "
            f"fsync {self.fsync_seconds * 1e3:.2f} ms; {self.taken[:10]}"
        )


def look(directory: Path | None) -> Environment:
    """The environment of now.

    Args:
        directory: where stores are written; the system's temporary directory if None.
    """
    where = directory or Path(tempfile.gettempdir())
    cores, load, file_system = cores_here(), os.getloadavg()[0], file_system_of(where)
    warnings: list[str] = []
    if load > cores / 2:
        warnings.append(f"the machine was busy before (load {load:.1f} on {cores} cores): figures are too low")
    if file_system in MEMORY_FILE_SYSTEMS:
        warnings.append(f"stores are in memory ({file_system}), where an fsync costs nothing: give --directory")
    if sys.flags.dev_mode or sys.gettrace() is not None:
        warnings.append("a debugger or the development mode is on: figures are too low")
    return Environment(
        taken=datetime.now(UTC).isoformat(timespec="seconds"),
        cpu=cpu_model(),
        cores=cores,
        governor=first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        load=load,
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages={name: number for name in PACKAGES if (number := version_of(name))},
        revision=revision(),
        file_system=file_system,
        fsync_seconds=fsync_seconds(where),
        warnings=warnings,
    )


def cores_here() -> int:
    """How many this process may use, where the system tells; otherwise how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_model() -> str:
    """What the processor calls itself."""
    for line in text_of("/proc/cpuinfo").splitlines():
        name, _, model = line.partition(":")
        if name.strip() == "model name":
            return model.strip()
    return platform.processor() or platform.machine()


def file_system_of(directory: Path) -> str:
    """The type of the file system that a directory is on, where the system tells."""
    best, found = "", "unknown"
    place = str(directory.resolve())
    for line in text_of("/proc/self/mounts").splitlines():
        _, mount, kind, *_ = line.split()
        if len(mount) > len(best) and (place == mount or place.startswith(mount.rstrip("/") + "/")):
            best, found = mount, kind
    return found


def fsync_seconds(directory: Path) -> float:
    """How long it takes to have 4 kB on the disk: the median of 50."""
    taken: list[float] = []
    with tempfile.TemporaryFile(dir=directory) as file:
        for _ in range(FSYNC_SAMPLES):
            started = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    return median(taken)


def version_of(package: str) -> str:
    """The version that is installed, or nothing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def revision() -> str:
    """The commit of the checkout that actum runs from, if it does."""
    source = Path(actum.__file__).parent
    try:
        done = subprocess.run(
            ["git", "-C", source, "describe", "--always", "--dirty=+", "--exclude=*"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip()


def text_of(path: str) -> str:
    """A file of the system, or nothing."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def first_line(path: str) -> str:
    """Its first line, or nothing."""
    return text_of(path).partition("\n")[0]
