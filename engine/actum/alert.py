"""What is said when somebody who works by himself falls behind, stops, or recovers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["view", "subscription", "process", "instances", "timer", "deadlines"]
LagState: TypeAlias = Literal["live", "catching up", "slow", "stalled", "paused", "failed", "rebuilding"]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody has become slow, stalled or failed, or is so no longer; or one thing more has failed.

    Attributes:
        subject: its name.
        kind: `"view"`; `"subscription"`; `"process"`, on its way through the log; `"instances"` of a process, which
            have failed or are stuck; `"timer"`, which sends deadlines; or `"deadlines"`, which have failed.
        state: what it is now: `"live"`, `"catching up"`, `"slow"`, `"stalled"`, `"paused"`, `"failed"` or
            `"rebuilding"`.
        before: what it was; the same if an event was put aside as a dead letter, or more have failed.
        lag: events in the log that it has not done; of the timer: deadlines that are overdue; of instances and
            deadlines: how many have failed or are stuck.
        lag_seconds: the age of the oldest of them.
        position: everything up to here is done; 0 for those without a position.
        head: the true one; `lag` for those without a position.
        reason: a sentence, empty if all is well.
        at: when, by the engine's clock.
    """

    subject: str
    kind: Kind
    state: LagState
    before: LagState
    lag: int
    lag_seconds: float
    position: int
    head: int
    reason: str
    at: datetime


#: What `Engine.open(alerts=[...])` takes: called with each alert, in the loop.
AlertCallback: TypeAlias = Callable[[Alert], object]
