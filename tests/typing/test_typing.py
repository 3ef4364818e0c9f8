"""What a type checker says: nothing about good.py, something about every line of bad.py that is marked `# error`.

Both checkers run as a user runs them, strict and without this project's own settings, against the installed package.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
GOOD = {"good.py", "bank.py"}

#: Lines by file that a checker finds fault with, each with what it says.
Findings = dict[str, dict[int, str]]


def mypy() -> Findings:
    """What mypy strict finds."""
    cache = HERE.parents[1] / ".mypy_cache" / "user"
    options = ["--config-file=", "--strict", "--no-error-summary", "--no-pretty", f"--cache-dir={cache}"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *sorted(GOOD), "bad.py"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    findings: Findings = {}
    for line in done.stdout.splitlines():
        found = re.match(r"(.+?):(\d+): (error: .*)", line)
        if found:
            findings.setdefault(Path(found[1]).name, {})[int(found[2])] = found[3]
    return findings


def pyright() -> Findings:
    """What pyright strict finds."""
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", *sorted(GOOD), "bad.py"],
        cwd=HERE,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},  # it would look for a newer version of itself
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    findings: Findings = {}
    for finding in report["generalDiagnostics"]:
        line = int(finding["range"]["start"]["line"]) + 1
        findings.setdefault(Path(finding["file"]).name, {})[line] = f"{finding['severity']}: {finding['message']}"
    return findings


@pytest.fixture(scope="module", params=[mypy, pyright], ids=["mypy", "pyright"])
def findings(request: pytest.FixtureRequest) -> Findings:
    """What one of the checkers finds."""
    checker: Callable[[], Findings] = request.param
    return checker()


def test_good_code_passes(findings: Findings) -> None:
    """User code with the types that users count on is left alone."""
    assert {file: findings[file] for file in GOOD & findings.keys()} == {}


def test_bad_code_is_found(findings: Findings) -> None:
    """Every marked line is found, and no other."""
    lines = (HERE / "bad.py").read_text().splitlines()
    marked = {number: line.strip() for number, line in enumerate(lines, 1) if "  # error: " in line}
    found = findings["bad.py"]
    assert {number: line for number, line in marked.items() if number not in found} == {}, "not found"
    assert {number: message for number, message in found.items() if number not in marked} == {}, "not marked"
