"""How long `import actum` takes in a new process, the interpreter's own start left out."""

from __future__ import annotations

import subprocess
import sys

from actum_bench.results import Sample

PROGRAM = "import time; started = time.perf_counter(); import actum; print(time.perf_counter() - started)"


def actum() -> Sample:
    """Import all that an application gets by `import actum`."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return Sample({"import": float(done.stdout)})
