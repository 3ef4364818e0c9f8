"""Packages that only an extra brings, imported where they are needed; their absence is one clear error."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class MissingExtraError(Exception):
    """A package is not installed; the message says how to get it."""


def imported(name: str, *, extra: str = "bench") -> Any:  # noqa: ANN401  # most of them have no types
    """A module of a package that an extra brings.

    Args:
        name: the module's full name.
        extra: of actum, which brings it.

    Raises:
        MissingExtraError: it is not there.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"{name.partition('.')[0]} is missing: pip install 'actum[{extra}]'") from error
