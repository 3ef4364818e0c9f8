"""One measurement, one process: nothing that an earlier one left (memory, garbage, threads, caches) reaches it.

A measurement is a function of keyword parameters that JSON can hold, which gives named values. It is called by its
name in a child, `python -m actum_bench.process MODULE:FUNCTION PARAMETERS`, which prints what it gave as its last line.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

import msgspec

from actum_bench.results import Parameter, Sample

#: A measurement that takes longer hangs.
SECONDS_MAX = 1_800.0


class VoidRunError(Exception):
    """A measurement failed, or what it checked does not hold: there is no figure."""


def in_child(function: Callable[..., Sample], **parameters: Parameter) -> Sample:
    """Call a measurement in a process of its own.

    Args:
        function: at the top of its module.
        parameters: what it takes.

    Raises:
        VoidRunError: it raised, or gave nothing.
    """
    name = f"{function.__module__}:{function.__qualname__}"
    given = msgspec.json.encode(parameters).decode()
    command = [sys.executable, "-m", "actum_bench.process", name, given]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise VoidRunError(f"{name} did not end within {SECONDS_MAX:.0f} s") from error
    if done.returncode != 0:
        raise VoidRunError(f"{name} failed: {(done.stderr.strip() or str(done.returncode)).splitlines()[-1]}")
    try:
        return msgspec.json.decode(done.stdout.splitlines()[-1], type=Sample)
    except (IndexError, msgspec.MsgspecError) as error:
        raise VoidRunError(f"{name} gave no figures: {done.stdout.strip()[-200:] or 'nothing at all'}") from error


def measure_of(function: Callable[..., Sample], **parameters: Parameter) -> Callable[[], Sample]:
    """The same, to be called later, and often."""
    return lambda: in_child(function, **parameters)


def main() -> None:
    """Be the child."""
    name, given = sys.argv[1:]
    module, _, attribute = name.partition(":")
    function = getattr(import_module(module), attribute)
    print(msgspec.json.encode(function(**msgspec.json.decode(given))).decode())  # noqa: T201  # that is the answer


if __name__ == "__main__":
    main()
