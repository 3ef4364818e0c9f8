"""What happens by itself in a running engine, for those who look at it: instances, deadlines, dead letters.

Every answer is a small part of what there is, found by the views' indexes: it costs the same with a hundred thousand
instances as with a hundred. Only a search for a text looks at all of them, a slice at a time. Changes nothing.
"""

from __future__ import annotations

import asyncio
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast, final

import msgspec

from actum.deadlines.deadline import Deadlines
from actum.errors import Invalid, shown
from actum.monitor.requests import (
    AUTOMATION_MAX,
    DeadLetters,
    DeadLetterSeen,
    DeadLettersRequest,
    DeadlinesDue,
    DeadlinesRequest,
    InstanceCounts,
    InstanceSeen,
    Processes,
    ProcessesRequest,
)
from actum.processes.instances import Instance, Instances
from actum.processes.roster import BY_STATUS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actum.automation.process_runner import Runner
    from actum.core import Core
    from actum.deadlines.deadline import Deadline

#: Of a process with more active instances it is not counted how many wait for a deadline: each has to be looked at.
LOOKED_AT_MAX = 2_000
#: Rows that are looked at before the loop gets its turn: a quarter of a millisecond.
SLICE_ROWS = 500
RANKS = ("failed", "stuck", "active")
BY_TIME = ("state", "due_ns")


async def processes_of(core: Core, request: ProcessesRequest) -> Processes:
    """Instances that have not ended: those that failed first, then those that have been silent for longest.

    Raises:
        Invalid: there is no such status.
        ViewBroken: the instances are not served.
    """
    if request.status not in (None, *RANKS):
        raise Invalid(f'status={shown(request.status)}: give "active", "stuck", "failed", or None for all')
    if core.timer is None:
        return Processes(instances=(), count=0)
    desk = Desk(core)
    names = [name for name in desk.names if request.process in (None, name)]
    limit = limit_of(request.limit)
    if request.key is not None:
        found = [row for name in names if (row := desk.view.get(f"{name}/{request.key}")) is not None]
        count = len(found)
    elif request.text:
        found, count = await desk.search(names, request.status, request.text.casefold(), limit)
    else:
        found = desk.first(names, request.status, limit)
        count = sum(desk.count(name, request.status) for name in names)
    counts = [await desk.counts(name) for name in desk.names]
    whole = request.key is not None
    return Processes(
        instances=tuple(desk.seen(row, whole=whole) for row in found[:limit]), count=count, counts=tuple(counts)
    )


def deadlines_of(core: Core, request: DeadlinesRequest) -> DeadlinesDue:
    """Deadlines: those that were refused first, then what is due next.

    Raises:
        ViewBroken: the deadlines are not served.
    """
    if core.timer is None:
        return DeadlinesDue(deadlines=(), count=0)
    view = core.timer.view
    refused, pending = view.count(state="failed"), view.count(state="pending")
    if request.deadline_id is not None:
        row = view.get(request.deadline_id)
        found = () if row is None else (row,)
        return DeadlinesDue(deadlines=found, count=refused + pending, refused=refused)
    limit = limit_of(request.limit)
    room = max(limit // 2, limit - pending) if refused else 0
    first = view.order_by(BY_TIME, where={"state": "failed"}, limit=room) if room else []
    rest = limit - len(first)
    first += view.order_by(BY_TIME, where={"state": "pending"}, limit=rest) if rest else []
    return DeadlinesDue(
        deadlines=tuple(row.replace(arguments=None) for row in first), count=refused + pending, refused=refused
    )


def letters_of(core: Core, request: DeadLettersRequest) -> DeadLetters:
    """Dead letters, of one subscription after the other."""
    consumers = [one for one in core.subscriptions if request.subscription in (None, one.name)]
    count = sum(len(one.worker.keeping.letters) for one in consumers)
    letters = (
        DeadLetterSeen(subscription=one.name, letter=letter) for one in consumers for letter in one.dead_letters()
    )
    return DeadLetters(letters=tuple(islice(letters, limit_of(request.limit))), count=count)


@final
class Desk:
    """The instances of all processes of one engine, looked at for one answer.

    Attributes:
        view: all of them.
        names: of the processes that have a class, and of those that have instances only.
    """

    def __init__(self, core: Core) -> None:
        """As of now.

        Raises:
            ViewBroken: they are not served.
        """
        live = core.view_of(Instances)
        live.check()
        self.view = cast("Instances", live.view)
        self._runners: dict[str, Runner] = {runner.kind.name: runner for runner in core.runners}
        self._stuck_ns = {name: runner.roster.stuck_ns() for name, runner in self._runners.items()}
        self._stuck = {name: runner.roster.stuck() for name, runner in self._runners.items()}
        marks = {mark.instance.removesuffix("/") for mark in self.view.where(process="")}
        left_behind = sorted(name for name in marks.difference(self._runners) if self.count(name, None))
        self.names = [*self._runners, *left_behind]
        deadlines = core.view_of(Deadlines)
        self._deadlines = None if deadlines.broken is not None else cast("Deadlines", deadlines.view)

    def count(self, name: str, status: str | None) -> int:
        """How many instances of a process are in a status, or have not ended."""
        if status == "failed":
            return self.view.count(process=name, status="failed")
        active, stuck = self.view.count(process=name, status="active"), self._stuck.get(name, 0)
        if status is None:
            return active + self.view.count(process=name, status="failed")
        return stuck if status == "stuck" else active - stuck

    async def counts(self, name: str) -> InstanceCounts:
        """The instances of a process in numbers."""
        active = self.count(name, "active")
        waiting = await self._count_waiting(name) if active <= LOOKED_AT_MAX else None
        return InstanceCounts(
            process=name,
            running=None if waiting is None else max(active - waiting, 0),
            waiting=waiting,
            active=active,
            stuck=self.count(name, "stuck"),
            failed=self.count(name, "failed"),
        )

    def first(self, names: Iterable[str], status: str | None, limit: int) -> list[Instance]:
        """The first instances of some processes: those that stand still first, then those that wait longest."""
        names, found = tuple(names), list[Instance]()
        for word in RANKS if status is None else (status,):
            room = limit - len(found)
            parts = [self._ordered(name, word, room) for name in names] if room else []
            found += islice(merge(*parts, key=attrgetter("since_ns")), room)
        return found

    async def search(
        self, names: Iterable[str], status: str | None, text: str, limit: int
    ) -> tuple[list[Instance], int]:
        """The first instances whose keys have a text in them, and how many do. Looks at all, a slice at a time."""
        wanted, found = {*names}, list[Instance]()
        rows = list(self.view)
        for start in range(0, len(rows), SLICE_ROWS):
            found += (
                row for row in rows[start : start + SLICE_ROWS] if row.process in wanted and text in row.key.casefold()
            )
            await asyncio.sleep(0)
        if status is not None:
            found = [row for row in found if self._word(row) == status]
        found.sort(key=lambda row: (RANKS.index(self._word(row)), row.since_ns))
        return found[:limit], len(found)

    def seen(self, row: Instance, *, whole: bool) -> InstanceSeen:
        """One instance, as it is told of; with its fields if the `whole` of it is wanted."""
        runner = self._runners.get(row.process)
        due = {name: one for name, identifier in row.timers.items() if (one := self._deadline(identifier)) is not None}
        failed, fault = row.status == "failed", None
        if whole and runner is not None:
            fault = runner.roster.fault(row)
        return InstanceSeen(
            process=row.process,
            key=row.key,
            status=self._word(row),
            values=plain(row.state) if whole else {},
            since_ns=row.since_ns,
            position=row.position,
            deadlines={name: one.due_ns for name, one in due.items() if one.state == "pending"},
            waits_for=() if runner is None else tuple(sorted(event.__name__ for event in runner.kind.reactions)),
            failure=row.reason if failed else fault,
            failed_position=row.failed_position if failed else None,
            refused={name: one.reason or "" for name, one in due.items() if one.state == "failed"},
        )

    def _deadline(self, identifier: str) -> Deadline | None:
        return None if self._deadlines is None else self._deadlines.get(identifier)

    def _ordered(self, name: str, status: str, limit: int) -> list[Instance]:
        """The instances of one process in one status, those that have been in it for longest first."""
        stuck_ns = self._stuck_ns.get(name)
        if status == "failed":
            return self.view.order_by(BY_STATUS, where={"process": name, "status": "failed"}, limit=limit)
        where = {"process": name, "status": "active"}
        if status == "active":
            return self.view.order_by(BY_STATUS, where=where, start=stuck_ns, limit=limit)
        return [] if stuck_ns is None else self.view.order_by(BY_STATUS, where=where, stop=stuck_ns, limit=limit)

    async def _count_waiting(self, name: str) -> int:
        """How many active instances, that are not stuck, have a deadline of their own pending."""
        rows = self._ordered(name, "active", LOOKED_AT_MAX)
        waiting = 0
        for begin in range(0, len(rows), SLICE_ROWS):
            waiting += sum(self._waits(row) for row in rows[begin : begin + SLICE_ROWS])
            await asyncio.sleep(0)
        return waiting

    def _waits(self, row: Instance) -> bool:
        found = (self._deadline(identifier) for identifier in row.timers.values())
        return any(one is not None and one.state == "pending" for one in found)

    def _word(self, row: Instance) -> str:
        """How an instance is."""
        stuck_ns = self._stuck_ns.get(row.process)
        is_stuck = row.status == "active" and stuck_ns is not None and row.since_ns < stuck_ns
        return "stuck" if is_stuck else row.status


def plain(state: Any) -> dict[str, Any]:
    """The fields of an instance, as JSON has them."""
    fields = msgspec.to_builtins(state, str_keys=True, enc_hook=str)
    return cast("dict[str, Any]", fields) if isinstance(fields, dict) else {}


def limit_of(limit: int) -> int:
    """How many are wanted.

    Raises:
        Invalid: none, or too many.
    """
    if not 1 <= limit <= AUTOMATION_MAX:
        raise Invalid(f"limit={limit}: give 1 to {AUTOMATION_MAX}")
    return limit
