"""Numbers that are typed."""

from __future__ import annotations

import pytest

from tests.support.commands import refused


@pytest.mark.parametrize(("verb", "option"), [("top", "--interval"), ("overview", "--seconds")])
@pytest.mark.parametrize("typed", ["nan", "-nan", "inf", "0.1", "much"])
def test_a_number_lies_in_its_range(verb: str, option: str, typed: str) -> None:
    """What is none, or out of range, is refused before anything is looked at."""
    assert option in refused(verb, option, typed)
