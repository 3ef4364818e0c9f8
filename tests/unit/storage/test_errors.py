"""The errors: one tree, and each says what to do."""

from __future__ import annotations

import inspect

import pytest
from actum_storage import ActumError, StorageError, errors

CLASSES = [each for _, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__]


@pytest.mark.parametrize("error", CLASSES)
def test_says_what_to_do(error: type[Exception]) -> None:
    """Every error's docstring ends with what to do about it."""
    assert "What to do: " in (inspect.getdoc(error) or "")


@pytest.mark.parametrize("error", [each for each in CLASSES if each is not ActumError])
def test_one_tree(error: type[Exception]) -> None:
    """Every error of the room is a StorageError, and that an ActumError."""
    assert issubclass(error, StorageError)
    assert issubclass(error, ActumError)
