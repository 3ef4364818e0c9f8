"""Looks at every view and subscription once a second, and tells what has become of it: to the log, and to callbacks.

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
    from actum.subscriptions.lag import Lag, LagWatch

log = logging.getLogger("actum.alerts")

MONITOR_SECONDS = 1.0
#: A loop that was blocked for so long says nothing about those who live in it: the next look counts.
BLOCKED_SECONDS = 5.0
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
        self._watches: list[tuple[Kind, LagWatch]] = []
        self.raised = 0
        self.active: dict[tuple[str, str], Alert] = {}

    def add(self, kind: Kind, watch: LagWatch) -> None:
        """Look at this one too."""
        self._watches.append((kind, watch))

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
        for kind, watch in self._watches:
            try:
                lag = watch.look()
                before, news = watch.note(lag), watch.subject.news()
                if news:
                    self._raise(kind, watch.subject.name, lag.state, lag._replace(reason=news), bad=True)
                if lag.state != before and (lag.state in BAD or before in BAD):
                    bad = lag.state in BAD
                    alert = self._raise(kind, watch.subject.name, before, lag, bad=bad)
                    if bad:
                        self.active[kind, watch.subject.name] = alert
                    else:
                        self.active.pop((kind, watch.subject.name), None)
            except Exception:
                said: dict[str, object] = {**facts("look failed"), f"actum_{kind}": watch.subject.name}
                log.exception("the %s %s can't be looked at", kind, watch.subject.name, extra=said)

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
        log.log(level, "%s %s is %s%s", kind, name, lag.state, f": {lag.reason}" if lag.reason else "", extra=extra)
        for callback in self._callbacks:
            try:
                callback(alert)
            except Exception:
                log.exception("an alert's callback failed", extra=facts("alert callback failed"))
        return alert

    def __repr__(self) -> str:
        """How many it looks at."""
        return f"<Monitor of {len(self._watches)}, {self.raised} alerts>"
