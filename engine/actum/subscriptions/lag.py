"""How far behind something is, and what to call that: measured against the true head, judged with hysteresis.

A subject is a view, a subscription, or what sends commands by itself. What it says of itself (failed, paused,
rebuilding) comes first; then whether it makes any progress; then how much there is left. One that has begun far from
the head is catching up as long as the rest becomes less. Who is slow is live again only below half of what made it
slow, so that it does not flap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias, final

if TYPE_CHECKING:
    from collections.abc import Callable

    from actum.alert import LagState
    from actum.clock import Clock
    from actum.options import Options

#: What a subject says of itself, and why.
Standstill: TypeAlias = tuple[Literal["failed", "stalled", "paused", "rebuilding"], str]

SECOND_NS = 1_000_000_000


class Subject(Protocol):
    """What is looked at."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def position(self) -> int:
        """Everything up to here is done."""
        ...

    @property
    def beginnings(self) -> int:
        """How often it has begun anew, perhaps far from the head."""
        ...

    def condition(self) -> Standstill | None:
        """What it is in, other than being at work."""
        ...

    def trouble(self) -> str:
        """What it is trying again, or nothing."""
        ...

    def news(self) -> str:
        """What has to be told besides its state, or nothing; once."""
        ...

    def next_time(self) -> tuple[int, int] | None:
        """The position and the time of the next event that concerns it, if it knows."""
        ...

    def heartbeat_ns(self) -> int:
        """When it last made progress, or knew that there is nothing left; by the monotonic clock."""
        ...


class Lag(NamedTuple):
    """How far behind a subject is.

    Attributes:
        state: the one word for all of it.
        position: everything up to here is done.
        head: the true one.
        events: between the two.
        seconds: the age of the oldest event that is not done, 0 if there is none.
        heartbeat_seconds: since it last made progress, or knew that there is nothing left.
        reason: a sentence, empty if all is well.
    """

    state: LagState
    position: int
    head: int
    events: int
    seconds: float
    heartbeat_seconds: float
    reason: str


@final
class LagTracker:
    """Tracks the lag of one subject; remembers what it saw.

    Attributes:
        subject: what is looked at.
        state: as it was noted last.
    """

    def __init__(
        self,
        subject: Subject,
        *,
        head: Callable[[], int],
        time_at: Callable[[int], int | None],
        clock: Clock,
        options: Options,
        caught_up: bool,
        what: str = "events",
    ) -> None:
        """Nothing seen yet.

        Args:
            subject: what is looked at.
            head: the true one, now.
            time_at: when the event at a position was decided, if that can be read.
            clock: time.
            options: thresholds.
            caught_up: whether it begins where the log ends.
            what: it has to do.
        """
        self.subject = subject
        self.state: LagState = "live" if caught_up else "catching up"
        self._head = head
        self._time_at = time_at
        self._clock = clock
        self._options = options
        self._what = what
        self._beginnings = subject.beginnings
        self._least: int | None = None  # the least that was left while it caught up, and since when
        self._least_ns = clock.monotonic_ns()
        self._oldest = (-1, 0)  # a position, and the time of the event behind it

    def look(self) -> Lag:
        """How far behind it is now. Changes nothing that a later look depends on."""
        subject = self.subject
        position, now_ns = subject.position, self._clock.monotonic_ns()
        head = max(self._head(), position)
        events = head - position
        seconds = self._age(position) if events else 0.0
        heartbeat = max(0.0, (now_ns - subject.heartbeat_ns()) / SECOND_NS)
        condition = subject.condition()
        if condition is not None:
            state, reason = condition
            return Lag(state, position, head, events, seconds, heartbeat, reason)
        judged, reason = self._judge(events, seconds, heartbeat, now_ns)
        return Lag(judged, position, head, events, seconds, heartbeat, reason)

    def note(self, lag: Lag) -> LagState:
        """Remember what was seen; the state before."""
        before, self.state = self.state, lag.state
        now_ns = self._clock.monotonic_ns()
        begun = self._beginnings != self.subject.beginnings
        self._beginnings = self.subject.beginnings
        if lag.state != "catching up":
            self._least = None
        elif begun or self._least is None or lag.events < self._least:
            self._least, self._least_ns = lag.events, now_ns
        return before

    def _judge(self, events: int, seconds: float, heartbeat: float, now_ns: int) -> tuple[LagState, str]:
        """The state of one that is at work."""
        options = self._options
        if heartbeat > options.stalled_seconds:
            trouble = self.subject.trouble()
            because = f": {trouble}" if trouble else ""
            return (
                "stalled",
                f"no progress for {heartbeat:,.0f} s (stalled_seconds={options.stalled_seconds:g}){because}",
            )
        if events <= options.lag_events_max / 2 and seconds <= options.lag_seconds_max / 2:
            return "live", ""
        begun = self.subject.beginnings != self._beginnings or self.state in ("paused", "failed", "rebuilding")
        if begun or self.state == "catching up":
            return self._judge_rest(events, now_ns, begun=begun)
        if events > options.lag_events_max:
            return "slow", f"{events:,} {self._what} behind (lag_events_max={options.lag_events_max:,})"
        if seconds > options.lag_seconds_max:
            return "slow", f"{seconds:,.1f} s behind (lag_seconds_max={options.lag_seconds_max:g})"
        if self.state in ("slow", "stalled"):
            return (
                "slow",
                f"still {events:,} {self._what} and {seconds:,.1f} s behind: live again below half of the limits",
            )
        return "live", ""

    def _judge_rest(self, events: int, now_ns: int, *, begun: bool) -> tuple[LagState, str]:
        """The state of one that has begun far from the head."""
        fewer = begun or self._least is None or events < self._least
        if fewer or (now_ns - self._least_ns) / SECOND_NS <= self._options.stalled_seconds:
            return "catching up", ""
        return "slow", f"{events:,} {self._what} are left, and they don't become less"

    def _age(self, position: int) -> float:
        """Seconds since the oldest event was decided that is not done."""
        following = self.subject.next_time()
        if following is not None and following[0] > position:
            time_ns = following[1]
        else:
            if self._oldest[0] != position:
                # What can't be read is as old as this look at it, and gets older.
                self._oldest = (position, self._time_at(position + 1) or self._clock.now_ns())
            time_ns = self._oldest[1]
        return max(0.0, (self._clock.now_ns() - time_ns) / SECOND_NS)

    def __repr__(self) -> str:
        """Whom it looks at."""
        return f"<LagTracker {self.subject.name} {self.state}>"


def counted(count: int, what: str) -> str:
    """So many of something have ..."""
    return f"1 {what} has" if count == 1 else f"{count:,} {what}s have"
