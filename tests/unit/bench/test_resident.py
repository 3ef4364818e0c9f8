"""Memory of a process as the system counts it."""

from __future__ import annotations

import subprocess
import sys

#: In a process of its own: one that has grown and shrunk before takes memory that counts already.
PROGRAM = """
from actum_bench.resident import resident_bytes
before = resident_bytes()
held = bytearray(b"x") * (64 << 20)
print(resident_bytes() - before, len(held))
"""


def test_resident() -> None:
    """Memory that is written to is counted."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    grown, held = map(int, done.stdout.split())
    assert grown > held // 2
