"""What the tests of the verbs of benchmarks share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.frozen_heap import frozen_heap


@pytest.fixture(scope="package", autouse=True)
def frozen() -> Iterator[None]:
    """They open an engine after the other."""
    with frozen_heap():
        yield
