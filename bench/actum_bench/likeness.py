"""Whether two environments are alike enough for their figures to be put side by side."""

from __future__ import annotations

from actum_bench.environment import Environment

#: What changes figures without anybody having changed actum, and what it is called.
FIELDS = {
    "cpu": "the processor",
    "cores": "the number of cores",
    "memory_bytes": "the memory",
    "governor": "the clock's governor",
    "system": "the system",
    "python": "Python",
    "file_system": "the file system",
}
#: Disks whose fsync differs more than this, so many times, are different disks.
FSYNC_RATIO_MAX = 2.0


def differences(one: Environment, other: Environment) -> list[str]:
    """What differs, a sentence each; not when it was, nor which actum: that is what is compared."""
    found = [
        f"{words} differs: {getattr(one, name) or 'unknown'}, then {getattr(other, name) or 'unknown'}"
        for name, words in FIELDS.items()
        if getattr(one, name) != getattr(other, name)
    ]
    for package in sorted((one.packages.keys() | other.packages.keys()) - {"actum"}):
        versions = [environment.packages.get(package, "not installed") for environment in (one, other)]
        if versions[0] != versions[1]:
            found.append(f"{package} differs: {versions[0]}, then {versions[1]}")
    slower, faster = sorted([one.fsync_seconds, other.fsync_seconds], reverse=True)
    if faster > 0 and slower / faster > FSYNC_RATIO_MAX:
        found.append(
            f"an fsync took {one.fsync_seconds * 1e3:.2f} ms, then {other.fsync_seconds * 1e3:.2f} ms: "
            "durable figures differ by the disk alone"
        )
    return found
