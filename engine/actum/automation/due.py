"""When something is due: a moment, or a duration from another one."""

from __future__ import annotations

from datetime import datetime, timedelta

from actum.errors import Invalid, shown
from actum.records import EPOCH

#: The longest `after`, in seconds: 200 years.
AFTER_SECONDS_MAX = 200 * 366 * 86_400
#: Times are stored as signed 64-bit numbers of nanoseconds: until the year 2262.
DUE_NS_MAX = 2**63 - 1


def due_at(at: object, after: object, now_ns: int) -> int:
    """The moment that is meant, nanoseconds since 1970 UTC.

    Raises:
        Invalid: not exactly one of them, or not a time.
    """
    if (at is None) == (after is None):
        raise Invalid("give at= or after=, one of them")
    if at is not None:
        if not isinstance(at, datetime) or at.tzinfo is None:
            raise Invalid(
                f"at={at if isinstance(at, datetime) else shown(at)} has no time zone: give an aware datetime"
            )
        due_ns = (at - EPOCH) // timedelta(microseconds=1) * 1_000
    else:
        due_ns = now_ns + duration_ns(after)
    if not 0 <= due_ns <= DUE_NS_MAX:
        raise Invalid("a deadline is due between 1970 and 2262")
    return due_ns


def duration_ns(after: object) -> int:
    """A duration in nanoseconds.

    Raises:
        Invalid: it is none, or below 0.
    """
    seconds = after.total_seconds() if isinstance(after, timedelta) else after
    if type(seconds) not in (int, float) or not 0 <= seconds <= AFTER_SECONDS_MAX:  # type: ignore[operator]  # NaN is not
        raise Invalid(f"after={shown(after)} is not a duration: give a timedelta, or seconds from 0")
    return round(seconds * 1_000_000_000)  # type: ignore[operator]
