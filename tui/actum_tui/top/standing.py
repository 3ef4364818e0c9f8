"""How an instance of a process and a deadline stand, in one word and in the words beside it.

The same words on the screen and in `actum processes` and `actum deadlines`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from actum import Deadline
from actum.monitor import InstanceSeen

from actum_tui.output import duration

Condition: TypeAlias = Literal["running", "waiting", "stuck", "failed", "done"]

SECOND_NS = 1e9
#: Those that somebody has to look after first.
RANKS: tuple[Condition, ...] = ("failed", "stuck", "waiting", "running", "done")
#: Colours beside the words, which say the same without them.
STYLES: dict[str, str] = {"failed": "bold red", "stuck": "yellow", "overdue": "yellow", "done": "dim"}


def condition_of(one: InstanceSeen) -> Condition:
    """The one word for how an instance is.

    running: it waits for an event. waiting: for a deadline of its own, or an event. stuck: it has not reacted for
    long, or its deadline was refused. failed: it could not react, and stands still. done: it has ended.
    """
    if one.status in ("failed", "done"):
        return "failed" if one.status == "failed" else "done"
    if one.status == "stuck" or one.refused:
        return "stuck"
    return "waiting" if one.deadlines else "running"


def next_deadline(one: InstanceSeen, now_ns: int) -> str:
    """What of an instance was refused, or is due next."""
    if one.refused:
        return f"{next(iter(one.refused))} refused"
    if not one.deadlines:
        return ""
    name, due_ns = min(one.deadlines.items(), key=lambda entry: entry[1])
    return f"{name} {due_in(due_ns, now_ns)}"


def why(one: InstanceSeen) -> str:
    """Why an instance stands still; or what it waits for."""
    if one.failure is not None:
        return one.failure
    if one.refused:
        return "; ".join(f"{name}: {reason}" for name, reason in one.refused.items())
    return f"waits for {', '.join(one.waits_for)}" if one.waits_for and one.status != "done" else ""


def due_in(due_ns: int, now_ns: int) -> str:
    """When something is due: a countdown."""
    seconds = (due_ns - now_ns) / SECOND_NS
    return f"in {countdown(seconds)}" if seconds >= 0 else f"{duration(-seconds)} overdue"


def countdown(seconds: float) -> str:
    """A time to come; what is near is told to the second, so that it is seen to move."""
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004  # a minute
        return f"{whole} s"
    minutes, hours = divmod(whole, 60), divmod(whole // 60, 60)
    if whole < 3_600:  # noqa: PLR2004  # an hour
        return f"{minutes[0]}:{minutes[1]:02d} min"
    return f"{hours[0]}:{hours[1]:02d} h" if whole < 2 * 86_400 else duration(seconds)


def state_of(deadline: Deadline, now_ns: int) -> str:
    """The one word for how a deadline is."""
    return "overdue" if deadline.state == "pending" and deadline.due_ns < now_ns else deadline.state


def due_of(deadline: Deadline, now_ns: int) -> str:
    """When a deadline is due, or was."""
    late = (now_ns - deadline.due_ns) / SECOND_NS
    return f"{duration(late)} ago" if late > 0 else due_in(deadline.due_ns, now_ns)
