"""Looks at everybody who works by himself once a second, and tells what became of him: to the log, and to callbacks.

It also sees the consumer whose task is dead, because it asks, instead of waiting to be told. Nothing that a callback
does can harm it or anybody else, except by blocking the loop.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, final

from actum.alert import Alert, Kind
from actum.logbook import facts
from actum.records import datetime_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from actum.alert import AlertCallback, LagState
    from actum.clock import Clock
    from actum.subscriptions.lag import Lag, LagTracker

log = logging.getLogger("actum.alerts")

MONITOR_SECONDS = 1.0
#: A loop that was blocked for so long says nothing about those who live in it: the next look counts.
BLOCKED_SECONDS = 5.0
#: What a log line calls a subject.
WHO: dict[Kind, str] = {
    "view": "view {} is",
    "subscription": "subscription {} is",
    "process": "process {} is",
    "instances": "instances of {} are",
    "timer": "the {} is",
    "deadlines": "{} are",
}
#: States that somebody has to do something about.
BAD = frozenset({"slow", "stalled", "failed"})


@final
class Monitor:
    """Raises alerts.

    Attributes:
        raised: alerts since opening.
        active: the last alert of each subject that is slow, stalled or failed.
    """

    def __init__(self, clock: Clock, callbacks: Sequence[AlertCallback]) -> None:
        """Nobody to look at yet.

        Args:
            clock: the time of alerts.
            callbacks: called with each alert, in the loop.
        """
        self._clock = clock
        self._callbacks = tuple(callbacks)
        self._trackers: list[tuple[Kind, LagTracker]] = []
        self.raised = 0
        self.active: dict[tuple[str, str], Alert] = {}

    def add(self, kind: Kind, tracker: LagTracker) -> None:
        """Look at this one too."""
        self._trackers.append((kind, tracker))

    async def run(self) -> NoReturn:
        """Until cancelled."""
        looked_ns = self._clock.monotonic_ns()
        while True:
            await asyncio.sleep(MONITOR_SECONDS)
            now_ns = self._clock.monotonic_ns()
            blocked, looked_ns = now_ns - looked_ns > BLOCKED_SECONDS * 1e9, now_ns
            if not blocked:
                self.look()

    def look(self) -> None:
        """Look at everybody, and raise alerts."""
        for kind, tracker in self._trackers:
            try:
                lag = tracker.look()
                before, news = tracker.note(lag), tracker.subject.news()
                if news:
                    self._raise(kind, tracker.subject.name, lag.state, lag._replace(reason=news), bad=True)
                if lag.state != before and (lag.state in BAD or before in BAD):
                    bad = lag.state in BAD
                    alert = self._raise(kind, tracker.subject.name, before, lag, bad=bad)
                    if bad:
                        self.active[kind, tracker.subject.name] = alert
                    else:
                        self.active.pop((kind, tracker.subject.name), None)
            except Exception:
                said: dict[str, object] = {**facts("look failed"), f"actum_{kind}": tracker.subject.name}
                log.exception("the %s %s can't be looked at", kind, tracker.subject.name, extra=said)

    def _raise(self, kind: Kind, name: str, before: LagState, lag: Lag, *, bad: bool) -> Alert:
        """Tell everybody."""
        alert = Alert(
            subject=name,
            kind=kind,
            state=lag.state,
            before=before,
            lag=lag.events,
            lag_seconds=lag.seconds,
            position=lag.position,
            head=lag.head,
            reason=lag.reason,
            at=datetime_of(self._clock.now_ns()),
        )
        self.raised += 1
        extra = facts("alert") | {f"actum_{field}": getattr(alert, field) for field in alert.__struct_fields__}
        level = logging.WARNING if bad else logging.INFO
        log.log(
            level, "%s %s%s", WHO[kind].format(name), lag.state, f": {lag.reason}" if lag.reason else "", extra=extra
        )
        for callback in self._callbacks:
            try:
                callback(alert)
            except (Exception, asyncio.CancelledError):  # nobody cancels this task in the middle of a callback
                log.exception("an alert's callback failed", extra=facts("alert callback failed"))
        return alert

    def __repr__(self) -> str:
        """How many it looks at."""
        return f"<Monitor of {len(self._trackers)}, {self.raised} alerts>"
