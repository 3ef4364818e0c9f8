"""How long `import actum` takes in a new process, the interpreter's own start left out, and no module compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from actum_bench.results import Sample

PROGRAM = "import time; started = time.perf_counter(); import actum; print(time.perf_counter() - started)"


def actum() -> Sample:
    """Import all that an application gets by `import actum`, a second time: the first one compiles."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with TemporaryDirectory(prefix="actum-bench-") as compiled:
        environment["PYTHONPYCACHEPREFIX"] = compiled
        seconds = [imported(environment) for _ in range(2)][1]
    return Sample({"import": seconds})


def imported(environment: dict[str, str]) -> float:
    """Seconds of one import."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)
