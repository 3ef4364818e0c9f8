"""How long `import actum` takes in a new process, the interpreter's own start left out, and no module compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from actum_bench.results import Sample
from actum_bench.stores import store_path

PROGRAM = "import time; started = time.perf_counter(); import actum; print(time.perf_counter() - started)"


def actum(*, directory: str | None) -> Sample:
    """Import all that an application gets by `import actum`, when it was imported before: the first time compiles.

    Args:
        directory: where what was compiled stays for the next repeat; nowhere if None.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if directory is None:
        with store_path(None) as path:
            return actum(directory=path)
    compiled = Path(directory, "bytecode")
    environment["PYTHONPYCACHEPREFIX"] = str(compiled)
    if not compiled.exists():
        imported(environment)
    return Sample({"import": imported(environment)})


def imported(environment: dict[str, str]) -> float:
    """Seconds of one import."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)
