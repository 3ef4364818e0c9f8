"""Packages that only an extra brings."""

from __future__ import annotations

import click
import pytest
from actum_tui.extras import require


def test_a_missing_package_is_named_with_its_extra() -> None:
    """The error says which package is missing, and what to type."""
    with pytest.raises(click.ClickException, match=r"no_such_package is missing: pip install 'actum\[tui\]'"):
        require("click", "no_such_package", extra="tui")


def test_what_is_there_passes() -> None:
    """Nothing is said where nothing is missing."""
    require("click", "rich", extra="tui")
