"""How far behind something is, and what that is called, by a clock that stands still until it is told to go on."""

from __future__ import annotations

import pytest
from actum import Options
from actum.subscriptions.lag import Lag, LagTracker, Standstill

from tests.support.clocks import SECOND_NS, FakeClock

#: One event a second.
BEGINNING_NS = FakeClock().wall_ns


class Reader:
    """A subject that is told where it stands."""

    def __init__(self, clock: FakeClock) -> None:
        """At the beginning."""
        self.name = "reader"
        self.beginnings = 0
        self.at: Standstill | None = None
        self.following: tuple[int, int] | None = None
        self.why = ""
        self._clock = clock
        self._position = 0
        self._beat_ns = 0

    @property
    def position(self) -> int:
        """Where it stands."""
        return self._position

    def move(self, position: int) -> None:
        """Progress."""
        self._position, self._beat_ns = position, self._clock.steady_ns

    def condition(self) -> Standstill | None:
        """As told."""
        return self.at

    def trouble(self) -> str:
        """As told."""
        return self.why

    def news(self) -> str:
        """Nothing."""
        return ""

    def next_time(self) -> tuple[int, int] | None:
        """As told."""
        return self.following

    def heartbeat_ns(self) -> int:
        """When it was moved."""
        return self._beat_ns


class Scene:
    """A log that gets one event a second, a reader, and what tracks its lag."""

    def __init__(self, *, caught_up: bool = True) -> None:
        """Thresholds of 100 events, 10 s and 30 s."""
        self.clock = FakeClock()
        self.reader = Reader(self.clock)
        self.head = 0
        self.readable = True
        self.tracker = LagTracker(
            self.reader,
            head=lambda: self.head,
            time_at=lambda position: BEGINNING_NS + position * SECOND_NS if self.readable else None,
            clock=self.clock,
            options=Options(lag_events_max=100, lag_seconds_max=10, stalled_seconds=30),
            caught_up=caught_up,
        )

    def after(self, seconds: float, *, behind: int | None = None) -> Lag:
        """Time passes, the log grows, the reader comes to so many events before its end, or stays where it is."""
        self.clock.advance(seconds)
        self.head = int((self.clock.wall_ns - BEGINNING_NS) / SECOND_NS)
        if behind is not None:
            self.reader.move(self.head - behind)
        lag = self.tracker.look()
        assert self.tracker.look() == lag
        self.tracker.note(lag)
        return lag


def test_at_the_head_it_is_live() -> None:
    """Nothing is left: no events, no seconds, a fresh heartbeat."""
    assert Scene().after(5, behind=0) == ("live", 5, 5, 0, 0.0, 0.0, "")


def test_figures_are_those_of_the_oldest_event_that_is_left() -> None:
    """Three events are left, the oldest of which is two seconds old; the reader moved just now."""
    scene = Scene()
    lag = scene.after(10, behind=3)
    assert (lag.state, lag.position, lag.head, lag.events, lag.seconds) == ("live", 7, 10, 3, 2.0)
    lag = scene.after(4)
    assert (lag.events, lag.seconds, lag.heartbeat_seconds) == (7, 6.0, 4.0)


def test_who_knows_the_next_event_is_believed() -> None:
    """The time of the next event that concerns the reader counts, as long as it is not done."""
    scene = Scene()
    scene.reader.following = (9, BEGINNING_NS + 9 * SECOND_NS)
    assert scene.after(10, behind=3).seconds == 1.0
    scene.reader.following = (7, BEGINNING_NS + 7 * SECOND_NS)
    assert scene.after(0).seconds == 2.0


def test_what_can_not_be_read_gets_older() -> None:
    """If the log can't be read the age counts from the first look at it."""
    scene = Scene()
    scene.readable = False
    assert scene.after(10, behind=3).seconds == 0.0
    assert scene.after(4).seconds == 4.0


@pytest.mark.parametrize(("slow", "still", "live"), [(101, 60, 50), (12, 7, 6)])
def test_slow_and_live_again_below_half(slow: int, still: int, live: int) -> None:
    """By events or by seconds; between half of the limit and the limit it stays what it was."""
    scene = Scene()
    if slow > 100:
        scene.tracker = LagTracker(
            scene.reader,
            head=lambda: scene.head,
            time_at=lambda _: scene.clock.wall_ns,
            clock=scene.clock,
            options=Options(lag_events_max=100),
            caught_up=True,
        )
    scene.after(1_000, behind=0)
    assert scene.after(1, behind=still).state == "live"
    lag = scene.after(1, behind=slow)
    assert lag.state == "slow"
    assert ("lag_events_max=100" if slow > 100 else "lag_seconds_max=10") in lag.reason
    lag = scene.after(1, behind=still)
    assert (lag.state, lag.reason.startswith("still")) == ("slow", True)
    assert scene.after(1, behind=live).state == "live"
    assert scene.after(1, behind=still).state == "live"


def test_stalled_is_who_makes_no_progress() -> None:
    """After `stalled_seconds` without progress, whatever is left; it says what it is trying, and recovers by moving."""
    scene = Scene()
    scene.after(100, behind=0)
    assert scene.after(30).state == "slow"
    scene.reader.why = "ConnectionError: nobody there"
    lag = scene.after(1)
    assert lag.state == "stalled"
    assert lag.reason == "no progress for 31 s (stalled_seconds=30): ConnectionError: nobody there"
    assert scene.after(1, behind=20).state == "slow"
    assert scene.after(1, behind=1).state == "live"


def test_a_dead_heart_is_never_healthy() -> None:
    """Also with nothing left to do: who does not say that it lives is stalled."""
    scene = Scene()
    scene.after(10, behind=0)
    scene.clock.advance(31)
    assert scene.tracker.look()[:4] == ("stalled", 10, 10, 0)


def test_catching_up_is_not_slow() -> None:
    """Far from the head at first it is catching up, whatever is left, until it is below half of the limits."""
    scene = Scene(caught_up=False)
    for behind in (9_000, 5_000, 1_000, 20):
        assert scene.after(10_000 if behind == 9_000 else 1, behind=behind).state == "catching up"
    assert scene.after(1, behind=2).state == "live"
    assert scene.after(1, behind=20).state == "slow"


def test_catching_up_that_gets_nowhere_is_slow() -> None:
    """If the rest has not become less for `stalled_seconds` it is slow, although it moves all the time."""
    scene = Scene(caught_up=False)
    assert scene.after(1_000, behind=500).state == "catching up"
    for _ in range(30):
        assert scene.after(1, behind=500).state == "catching up"
    lag = scene.after(1, behind=501)
    assert (lag.state, lag.reason) == ("slow", "501 events are left, and they don't become less")


def test_what_it_says_of_itself_comes_first() -> None:
    """Failed, paused and rebuilding are not judged; afterwards, and after a reset, it is catching up again."""
    scene = Scene()
    scene.after(100, behind=0)
    for condition in (("paused", ""), ("failed", "why"), ("rebuilding", "")):
        scene.reader.at = condition
        lag = scene.after(100)
        assert (lag.state, lag.reason) == condition
        scene.reader.at = None
        assert scene.after(1, behind=500).state == "catching up"
        assert scene.after(1, behind=0).state == "live"
    scene.reader.beginnings += 1
    assert scene.after(1, behind=500).state == "catching up"


def test_a_head_behind_the_position_is_no_debt() -> None:
    """Who is looked at while it moves is never ahead."""
    scene = Scene()
    scene.reader.move(10)
    assert scene.tracker.look()[:4] == ("live", 10, 10, 0)
