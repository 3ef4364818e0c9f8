"""When something is due: moments and durations, and what is neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from actum import Invalid
from actum.automation.due import AFTER_SECONDS_MAX, due_at, duration_ns

from tests.support.clocks import NEW_YEAR_NS

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "after", "expected_ns"),
    [
        (NEW_YEAR, None, NEW_YEAR_NS),
        (NEW_YEAR + timedelta(microseconds=1), None, NEW_YEAR_NS + 1_000),
        (NEW_YEAR.astimezone(timezone(timedelta(hours=5))), None, NEW_YEAR_NS),
        (None, 0, NEW_YEAR_NS),
        (None, 1, NEW_YEAR_NS + 10**9),
        (None, 0.25, NEW_YEAR_NS + 25 * 10**7),
        (None, timedelta(milliseconds=3), NEW_YEAR_NS + 3 * 10**6),
        (None, AFTER_SECONDS_MAX / 2, NEW_YEAR_NS + AFTER_SECONDS_MAX * 10**9 // 2),
    ],
)
def test_what_is_meant(at: object, after: object, expected_ns: int) -> None:
    """To the nanosecond, whatever zone the moment is told in."""
    assert due_at(at, after, NEW_YEAR_NS) == expected_ns


@pytest.mark.parametrize(
    ("at", "after", "fault"),
    [
        (None, None, "give at= or after=, one of them"),
        (NEW_YEAR, 1, "give at= or after=, one of them"),
        (datetime(2026, 1, 1), None, "has no time zone: give an aware datetime"),  # noqa: DTZ001  # that is the fault
        ("2026-01-01", None, "has no time zone: give an aware datetime"),
        (datetime(1969, 1, 1, tzinfo=UTC), None, "a deadline is due between 1970 and 2262"),
        (datetime(2263, 1, 1, tzinfo=UTC), None, "a deadline is due between 1970 and 2262"),
        (None, AFTER_SECONDS_MAX + 1, "is not a duration"),
        (None, AFTER_SECONDS_MAX * 2 - AFTER_SECONDS_MAX, None),
        (None, -0.001, "is not a duration: give a timedelta, or seconds from 0"),
        (None, timedelta(seconds=-1), "is not a duration"),
        (None, float("nan"), "is not a duration"),
        (None, float("inf"), "is not a duration"),
        (None, True, "is not a duration"),
        (None, "1 h", "is not a duration"),
    ],
)
def test_what_is_no_time(at: object, after: object, fault: str | None) -> None:
    """Is refused, with what to give instead; the longest duration alone is fine."""
    if fault is None:
        assert duration_ns(after) == AFTER_SECONDS_MAX * 10**9
    else:
        with pytest.raises(Invalid, match=fault):
            due_at(at, after, NEW_YEAR_NS)
