"""What `engine.processes` tells of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import msgspec

from actum.records import datetime_of

if TYPE_CHECKING:
    from datetime import datetime

S = TypeVar("S")


class ProcessStatus(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """One instance of a process that has not ended.

    Attributes:
        process: the process's name.
        key: which instance.
        status: `"active"`; `"stuck"`: it is, but has not reacted to anything for `stuck_seconds`; or `"failed"`: it
            stands still until somebody retries or cancels it.
        state: its fields; a copy.
        since_ns: when it last reacted, or failed; nanoseconds since 1970 UTC.
        position: of the last event that it has reacted to.
        deadlines: when what it has scheduled is due, nanoseconds since 1970 UTC, by name.
        waits_for: the names of the events that it reacts to.
        failure: why it failed, or None.
        failed_position: of the event that it could not react to, or None.
    """

    process: str
    key: str
    status: Literal["active", "stuck", "failed"]
    state: S
    since_ns: int
    position: int
    deadlines: dict[str, int]
    waits_for: tuple[str, ...]
    failure: str | None
    failed_position: int | None

    @property
    def since(self) -> datetime:
        """`since_ns` as an aware UTC datetime, to the microsecond."""
        return datetime_of(self.since_ns)
