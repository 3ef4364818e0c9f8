"""Packages of peers that a machine may lack."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest

from tests.support.disks import lack


def need_package(name: str) -> None:
    """Skip a test where a package is missing, but not where everything has to run."""
    if name and find_spec(name) is None:
        lack(f"{name} is not installed")


def hide_package(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a package be as if it were not installed."""
    monkeypatch.setitem(sys.modules, name, None)
