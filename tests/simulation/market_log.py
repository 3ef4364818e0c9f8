"""The market's log as it lies on the disk, read without the engine: what must hold of it, whoever wrote it.

Deadlines: pending, then over, once, not before their time, and their command in the same frame. Processes: each
instance has reacted to each of its events, in order, once, until it was done; what its commands did is in the frame
of the step, and nothing of it elsewhere; nothing that it has scheduled outlives it. Nobody has less than nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actum import MemoryLog
from actum.codec import decode_stored
from actum.records import StoredRecord

#: What commands of a process do; `CancelOrder` may do nothing.
EFFECTS = {
    "ReserveStock": "StockChanged",
    "ReleaseStock": "StockChanged",
    "TakePayment": "MoneyMoved",
    "ShipOrder": "OrderShipped",
}
STARTS = "OrderPlaced"
REACTIONS = (STARTS, "OrderPaid", "OrderCancelled")
#: What becomes of a deadline, and from what.
MOVES = {
    "actum.DeadlineFired": ("fired", ("pending",)),
    "actum.DeadlineFailed": ("failed", ("pending",)),
    "actum.DeadlineCancelled": ("cancelled", ("pending", "failed")),
}


@dataclass
class Appointment:
    """A deadline in the log; `order_id` of the order whose process has scheduled it, if one did."""

    due_ns: int
    number: int
    order_id: str | None
    state: str = "pending"


@dataclass
class Course:
    """One instance of the process.

    Attributes:
        events: positions that it has to react to.
        entries: in its stream.
        reacted: to how many of its events.
        failed: whether it stands still.
        ended: whether it is over.
        cancelled: whether somebody has ended it.
    """

    events: list[int] = field(default_factory=list)
    entries: int = 0
    reacted: int = 0
    failed: bool = False
    ended: bool = False
    cancelled: bool = False


class MarketLog:
    """All that is in the log; each record is decoded once.

    Attributes:
        position: the last one.
        deadlines: by id.
        courses: the process's instances by order.
        seats: where each seat was booked.
        movements: the positions of movements of money, and what moved.
        shipped: the positions of ends of orders.
        balances: what stocks and wallets have.
        rang: how often each alarm has rung.
    """

    def __init__(self, log: MemoryLog, faults: list[str], take: Callable[[list[StoredRecord]], None]) -> None:
        """Nothing is read yet; `take` is given each frame's records that somebody has sent by hand."""
        self.position = 0
        self.deadlines: dict[str, Appointment] = {}
        self.courses: defaultdict[str, Course] = defaultdict(Course)
        self.seats: defaultdict[str, list[int]] = defaultdict(list)
        self.movements: dict[int, int] = {}
        self.shipped: list[int] = []
        self.balances: Counter[tuple[str, str]] = Counter()
        self.rang: Counter[str] = Counter()
        self._log = log
        self._faults = faults
        self._take = take

    def read(self) -> None:
        """Take in what is new."""
        if self._log.head.position == self.position:
            return
        for frame in self._log.frames(self.position + 1):
            records = decode_stored(frame.first, frame.body)
            for record in records:
                self._record(record, frame.first)
            self._frame(records)
            self.position = frame.last
            self._take([record for record in records if record.user_id is not None])

    def _fault(self, what: str) -> None:
        self._faults.append(f"the log: {what}")

    def _record(self, record: StoredRecord, first: int) -> None:
        """One more record."""
        event: Any = record.event
        match record.tag:
            case "actum.DeadlineScheduled":
                self._scheduled(record, event)
            case "actum.DeadlineFired" | "actum.DeadlineFailed" | "actum.DeadlineCancelled":
                self._moved(record)
            case "actum.ProcessStepped" | "actum.ProcessFailed" | "actum.ProcessEnded":
                self._process(record, event, first)
            case "StockChanged" | "MoneyMoved":
                self._change(record, event)
            case "SeatBooked":
                self.seats[event["seat"]].append(record.position)
            case "OrderShipped":
                self.shipped.append(record.position)
            case "Rang":
                self.rang[record.key] += 1
            case _:
                pass
        if record.tag in REACTIONS:
            course = self.courses[record.key]
            if course.events or record.tag == STARTS:
                course.events.append(record.position)

    def _change(self, record: StoredRecord, event: Any) -> None:
        """More or less of something."""
        self.balances[record.aggregate, record.key] += event["change"]
        if record.tag == "MoneyMoved":
            self.movements[record.position] = event["change"]
        if self.balances[record.aggregate, record.key] < 0:
            self._fault(f"{record} overdraws")

    def _scheduled(self, record: StoredRecord, event: Any) -> None:
        """A deadline, new or anew."""
        before = self.deadlines.get(record.key)
        if before is not None and before.state == "fired":
            self._fault(f"{record.key} was scheduled again, although it has fired")
        order_id = event["arguments"].get("order_id")
        number = 1 if before is None else before.number + 1
        if event["number"] != number:
            self._fault(f"{record.key} was scheduled as number {event['number']}, it is number {number}")
        self.deadlines[record.key] = Appointment(event["due_ns"], number, order_id)

    def _moved(self, record: StoredRecord) -> None:
        """A deadline is over, or failed."""
        state, allowed = MOVES[record.tag]
        deadline = self.deadlines.get(record.key)
        if deadline is None or deadline.state not in allowed:
            self._fault(f"{record} of {deadline}")
            return
        if state != "cancelled" and record.timestamp_ns < deadline.due_ns:
            self._fault(f"{record} at {record.timestamp_ns} of {deadline}, too soon")
        deadline.state = state

    def _process(self, record: StoredRecord, event: Any, first: int) -> None:
        """An entry of an instance."""
        course = self.courses[record.key.removeprefix("Sale/")]
        if course.ended:
            self._fault(f"{record}, although it had ended")
        if record.tag == "actum.ProcessEnded":
            course.ended = course.cancelled = True
            return
        course.entries += 1
        if event["number"] != course.entries:
            self._fault(f"{record} has number {event['number']}, it is entry {course.entries}")
        if event.get("event") == "caught up":  # behind a retry: it is where it was
            if [event["position"]] != course.events[: course.reacted][-1:] or event["commands"] or event["done"]:
                self._fault(
                    f"{record} is about position {event['position']}, after {course.reacted} of {course.events}"
                )
            return
        wanted = course.events[course.reacted] if course.reacted < len(course.events) else None
        if event["position"] != wanted or event["position"] >= first:
            self._fault(f"{record} is about position {event['position']}, the next of {course.events} is {wanted}")
        if event.get("event") == "passed over":
            self._fault(f"{record} passes over an event to which the process reacts")
        course.failed = record.tag == "actum.ProcessFailed"
        if not course.failed:
            course.reacted += 1
            course.ended = event["done"]

    def _frame(self, records: list[StoredRecord]) -> None:
        """What has to be together is."""
        events: list[tuple[str, str, Any]] = [(record.tag, record.key, record.event) for record in records]
        own = Counter(record.tag for record in records if record.user_id is None)
        steps = [event for tag, _, event in events if tag == "actum.ProcessStepped"]
        commands = Counter(name for step in steps for name in step["commands"])
        wanted: Counter[str] = Counter()
        for name, count in commands.items():
            if name in EFFECTS:
                wanted[EFFECTS[name]] += count
        for tag in set(EFFECTS.values()):
            if own[tag] != wanted[tag]:
                self._fault(f"{records} has {own[tag]} {tag} by itself, its steps should have led to {wanted[tag]}")
        fired = [key for tag, key, _ in events if tag == "actum.DeadlineFired"]
        calls = sum(self._order_of(key) is not None for key in fired)
        if own["OrderCancelled"] > commands["CancelOrder"] + calls:
            self._fault(f"{records} has {own['OrderCancelled']} orders cancelled by nobody")
        rang = sorted(key for tag, key, _ in events if tag == "Rang")
        if rang != sorted(key for key in fired if self._order_of(key) is None):
            self._fault(f"{records}: what rings is not what fired, {fired}")
        for tag, key, event in events:
            if tag == "actum.ProcessEnded" or (tag == "actum.ProcessStepped" and event["done"]):
                self._nothing_is_left(key.removeprefix("Sale/"))

    def _order_of(self, deadline_id: str) -> str | None:
        """For which order's process it was scheduled."""
        deadline = self.deadlines.get(deadline_id)
        return None if deadline is None else deadline.order_id

    def _nothing_is_left(self, order_id: str) -> None:
        """Nothing that an instance has scheduled outlives it."""
        for key, deadline in self.deadlines.items():
            if deadline.order_id == order_id and deadline.state == "pending":
                self._fault(f"{key} is pending, although the process of {order_id} has ended")

    def check_end(self) -> None:
        """When nothing is under way any more: every process has ended, and no deadline is pending."""
        self.read()
        for order_id, course in self.courses.items():
            if course.events and not course.ended:
                self._fault(f"the process of {order_id} has not ended: {course}")
        pending = [key for key, deadline in self.deadlines.items() if deadline.state == "pending"]
        if pending:
            self._fault(f"{pending} are pending at the end")
