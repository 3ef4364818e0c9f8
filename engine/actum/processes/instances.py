"""The instances of all processes that have not ended, and how far each process has come: a view like any other."""

from __future__ import annotations

from typing import Any, Literal

from actum.handlers import project
from actum.messages import Row
from actum.processes.stream import ProcessAdvanced, ProcessEnded, ProcessFailed, ProcessStepped
from actum.views.live_view import View


class Instance(Row, key="instance", indexes=[("process", "status", "since_ns")]):
    """One instance; the one with an empty key says how far its process has come.

    Attributes:
        instance: process and key.
        process: the process's name; empty for the mark.
        key: its key; empty for the mark.
        number: entries in its stream.
        position: of the last event that it has reacted to.
        started: whether it has ever reacted.
        status: `"active"`, or `"failed"`.
        state: its fields, as plain data.
        timers: the ids of what it has scheduled, by name.
        since_ns: when it became what it is.
        reason: why it failed.
        failed_position: of the event that it could not react to.
        until: it was retried, and has still to read what came up to here while it stood still; or 0.
    """

    instance: str
    process: str = ""
    key: str = ""
    number: int = 0
    position: int = 0
    started: bool = False
    status: Literal["active", "failed"] = "active"
    state: Any = None
    timers: dict[str, str] = {}  # noqa: RUF012  # msgspec makes each row its own
    since_ns: int = 0
    reason: str | None = None
    failed_position: int = 0
    until: int = 0


class Instances(View[Instance], name="actum.Processes"):
    """What is under way."""

    @project
    def stepped(self, event: ProcessStepped) -> None:
        """It is active, or done."""
        self.considered(event.process, event.considered)
        if event.done:
            self.remove(event.instance)
            return
        self.put(
            Instance(
                instance=event.instance,
                process=event.process,
                key=event.key,
                number=event.number,
                position=event.position,
                started=True,
                state=event.state,
                timers=event.timers,
                since_ns=event.at_ns,
                until=event.until,
            )
        )

    @project
    def failed(self, event: ProcessFailed) -> None:
        """It stands still."""
        self.considered(event.process, event.considered)
        row = self.get(event.instance) or Instance(instance=event.instance, process=event.process, key=event.key)
        self.put(
            row.replace(
                number=event.number,
                status="failed",
                reason=event.reason,
                failed_position=event.position,
                since_ns=event.at_ns,
                until=0,
            )
        )

    @project
    def ended(self, event: ProcessEnded) -> None:
        """It is over."""
        self.remove(event.instance)

    @project
    def advanced(self, event: ProcessAdvanced) -> None:
        """The process has come further."""
        self.considered(event.process, event.position)

    def considered(self, process: str, position: int) -> None:
        """Move the mark of a process, forward only."""
        mark = self.get(mark_of(process)) or Instance(instance=mark_of(process), position=-1)
        if position > mark.position:
            self.put(mark.replace(position=position))


def mark_of(process: str) -> str:
    """The key of the row that says how far a process has come: no instance has an empty key."""
    return f"{process}/"
