"""What an error says, as it is stored and shown."""

from __future__ import annotations

import pytest
from actum.errors import REASON_CHARACTERS_MAX, reason_of

from tests.support.errands import Unspeakable


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("no"), "ValueError: no"),
        (ValueError("no \udc80 file"), "ValueError: no \\udc80 file"),
        (Unspeakable(), "Unspeakable: its text can't be made"),
        (ValueError("x" * 5_000), "ValueError: " + "x" * (REASON_CHARACTERS_MAX - 12)),
    ],
)
def test_a_reason_can_be_stored_whatever_was_raised(error: Exception, reason: str) -> None:
    """Its kind and its text, cut, in characters that there are."""
    assert reason_of(error) == reason
