"""What is said when a view or a subscription falls behind, stops, or recovers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["view", "subscription"]
LagState: TypeAlias = Literal["live", "catching up", "slow", "stalled", "paused", "failed", "rebuilding"]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A view or a subscription has become slow, stalled or failed, or is so no longer; or an event was put aside.

    Attributes:
        subject: its name.
        kind: `"view"` or `"subscription"`.
        state: what it is now: `"live"`, `"catching up"`, `"slow"`, `"stalled"`, `"paused"`, `"failed"` or
            `"rebuilding"`.
        before: what it was; the same if an event was put aside as a dead letter.
        lag: events in the log that it has not done.
        lag_seconds: the age of the oldest of them.
        position: everything up to here is done.
        head: the true one.
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
