"""Packages that only an extra brings."""

from __future__ import annotations

import subprocess
import sys

import pytest
from actum_bench.extras import MissingExtraError, imported


def test_missing_package_is_named_with_its_extra() -> None:
    """The error says which package is missing, and what to type."""
    with pytest.raises(MissingExtraError, match=r"no_such_package is missing: pip install 'actum\[peers\]'"):
        imported("no_such_package.part", extra="peers")


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    """The modules that compare, report and run micro benchmarks start without the extra's packages."""
    program = (
        "import sys, actum_bench.comparison, actum_bench.micro, actum_bench.report.writing; "
        "print(*sorted({'scipy', 'numpy', 'matplotlib', 'hdrh', 'pytest'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
