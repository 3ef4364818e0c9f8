"""The clock and the ids that the engine makes."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from actum.clock import MILLISECOND_NS, SystemClock, TimeOrderedIds

from tests.support.clocks import NEW_YEAR_NS, FakeClock

NEW_YEAR_MILLISECONDS = NEW_YEAR_NS // MILLISECOND_NS


def milliseconds_of(made: bytes) -> int:
    """The time in a version 7 UUID."""
    return int.from_bytes(made[:6])


def test_an_id_is_a_version_7_uuid_of_its_time() -> None:
    """48 bits of milliseconds, then version and variant where RFC 9562 wants them."""
    made = TimeOrderedIds().make(NEW_YEAR_NS)
    assert (UUID(bytes=made).version, UUID(bytes=made).variant) == (7, "specified in RFC 4122")
    assert milliseconds_of(made) == NEW_YEAR_MILLISECONDS


def test_ids_increase_strictly_within_a_millisecond() -> None:
    """Ten thousand ids at one time are ten thousand ids in order."""
    ids = TimeOrderedIds()
    made = [ids.make(NEW_YEAR_NS) for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {milliseconds_of(one) for one in made} == {NEW_YEAR_MILLISECONDS}
    assert {UUID(bytes=one).variant for one in made} == {"specified in RFC 4122"}


def test_ids_increase_when_time_goes_on_or_back() -> None:
    """A clock that is set back must not make ids that were made before."""
    ids = TimeOrderedIds()
    made = [ids.make(NEW_YEAR_NS + offset * MILLISECOND_NS) for offset in (0, 1, 5, 2, 2, 6, -1_000, 7)]
    assert made == sorted(set(made))
    assert [milliseconds_of(one) - NEW_YEAR_MILLISECONDS for one in made] == [0, 1, 5, 5, 5, 6, 6, 7]


def test_ids_for_a_turn_are_those_that_come_next() -> None:
    """What makes many ids of one time goes on where the last id ended, and the next id goes on behind it."""
    ids = TimeOrderedIds()
    made = [ids.make(NEW_YEAR_NS)]
    for offset in (0, 0, 3):
        make = ids.made_at(NEW_YEAR_NS + offset * MILLISECOND_NS)
        made += [make(), make(), ids.make(NEW_YEAR_NS + offset * MILLISECOND_NS)]
    assert made == sorted(set(made))
    assert [milliseconds_of(one) - NEW_YEAR_MILLISECONDS for one in made] == [0] * 7 + [3] * 3


def test_two_engines_make_different_ids() -> None:
    """They start at random within the same millisecond."""
    assert not {TimeOrderedIds().make(NEW_YEAR_NS) for _ in range(50)} & {
        TimeOrderedIds().make(NEW_YEAR_NS) for _ in range(50)
    }


def test_the_beginning_of_time_is_a_time() -> None:
    """A fake clock may start at 0."""
    assert milliseconds_of(TimeOrderedIds().make(0)) == 0


def test_the_system_clock_tells_wall_time_and_monotonic_time() -> None:
    """Nanoseconds of the wall clock since 1970; durations never go back."""
    clock = SystemClock()
    assert abs(clock.now_ns() / 1e9 - datetime.now(UTC).timestamp()) < 60
    first = clock.monotonic_ns()
    assert clock.monotonic_ns() >= first


def test_the_fake_clock_stands_still_until_told() -> None:
    """Tests run on their own time."""
    clock = FakeClock()
    assert clock.now_ns() == clock.now_ns() == NEW_YEAR_NS
    clock.advance(1.5)
    assert (clock.now_ns() - NEW_YEAR_NS, clock.monotonic_ns()) == (1_500_000_000, 1_500_000_000)
