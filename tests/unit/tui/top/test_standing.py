"""How instances and deadlines stand, in words, and countdowns."""

from __future__ import annotations

from typing import Any

import pytest
from actum import Deadline
from actum.monitor import InstanceSeen
from actum_tui.top.standing import condition_of, countdown, due_in, due_of, next_deadline, state_of, why

SECOND_NS = 1_000_000_000
NOW_NS = 1_000 * SECOND_NS


def instance(status: str = "active", **given: Any) -> InstanceSeen:
    """One of these."""
    known: dict[str, Any] = {"process": "p", "key": "k", "values": {}, "since_ns": 0, "position": 1, "deadlines": {}}
    return InstanceSeen(status=status, **{**known, **given})


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (instance(), "running"),
        (instance(deadlines={"d": 5}), "waiting"),
        (instance(deadlines={"d": 5}, refused={"e": "no"}), "stuck"),
        (instance("stuck", deadlines={"d": 5}), "stuck"),
        (instance("failed", failure="no"), "failed"),
        (instance("done"), "done"),
    ],
)
def test_one_word_for_an_instance(one: InstanceSeen, word: str) -> None:
    """The worst of what is known."""
    assert condition_of(one) == word


def test_what_is_next_and_why() -> None:
    """A refusal before what is due; a failure before what is waited for."""
    assert next_deadline(instance(), NOW_NS) == ""
    due = instance(deadlines={"late": NOW_NS - 5 * SECOND_NS, "soon": NOW_NS + 5 * SECOND_NS})
    assert next_deadline(due, NOW_NS) == "late 5.0 s overdue"
    refused = instance(deadlines={"soon": NOW_NS}, refused={"x": "no"})
    assert next_deadline(refused, NOW_NS) == "x refused"
    assert why(refused) == "x: no"
    assert why(instance("failed", failure="a bug", refused={"x": "no"})) == "a bug"
    assert why(instance(waits_for=("Paid", "Shipped"))) == "waits for Paid, Shipped"
    assert why(instance("done", waits_for=("Paid",))) == ""


def test_countdowns() -> None:
    """To the second as long as that is seen to move."""
    assert [countdown(seconds) for seconds in (0.5, 59.9, 75, 3_599, 3_600, 90_061, 400_000)] == [
        *("0 s", "59 s", "1:15 min", "59:59 min", "1:00 h", "25:01 h", "5 d"),
    ]
    assert due_in(NOW_NS + 75 * SECOND_NS, NOW_NS) == "in 1:15 min"


def test_deadlines() -> None:
    """Pending, overdue, failed; when they are due, or were."""
    late = Deadline(deadline_id="d", due_ns=NOW_NS - 60 * SECOND_NS, command="C", arguments={}, number=1)
    soon = late.replace(due_ns=NOW_NS + SECOND_NS)
    assert [state_of(one, NOW_NS) for one in (late, soon, late.replace(state="failed"))] == [
        *("overdue", "pending", "failed"),
    ]
    assert (due_of(late, NOW_NS), due_of(soon, NOW_NS)) == ("60 s ago", "in 1 s")
