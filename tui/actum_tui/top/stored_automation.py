"""What happens by itself in a store that only its directory tells of: the answers of an engine, made of the log.

A store knows more than an engine, the instances that have ended, and less: who is stuck is judged by a time that is
the same for all processes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, cast

from actum import Deadline, StoredProcess, StoredSubscription
from actum.monitor import (
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

from actum_tui.top.standing import RANKS, SECOND_NS, condition_of

#: An instance that has nothing scheduled and has not reacted for so long is stuck.
STUCK_SECONDS = 86_400.0


def processes_answer(found: Sequence[StoredProcess], request: ProcessesRequest, now_ns: int) -> Processes:
    """The instances of a store; those that are done only if they are asked for."""
    seen = [instance_seen(one, now_ns) for one in found]
    text = request.text.casefold()
    chosen = [
        one
        for one in seen
        if request.process in (None, one.process)
        and request.key in (None, one.key)
        and text in one.key.casefold()
        and (request.key is not None or is_wanted(one, request.status))
    ]
    chosen.sort(key=lambda one: (RANKS.index(condition_of(one)), one.since_ns))
    return Processes(instances=tuple(chosen[: request.limit]), count=len(chosen), counts=counts_of(seen))


def is_wanted(one: InstanceSeen, status: str | None) -> bool:
    """Whether an instance is in a status, or has not ended."""
    return one.status != "done" if status is None else one.status == status


def counts_of(seen: Sequence[InstanceSeen]) -> tuple[InstanceCounts, ...]:
    """All of them in numbers, by process."""
    words: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in seen:
        words[one.process][condition_of(one)] += 1
    return tuple(
        InstanceCounts(
            process=name,
            running=count["running"],
            waiting=count["waiting"],
            active=count["running"] + count["waiting"],
            stuck=count["stuck"],
            failed=count["failed"],
            done=count["done"],
        )
        for name, count in sorted(words.items())
    )


def instance_seen(one: StoredProcess, now_ns: int) -> InstanceSeen:
    """An instance as an engine would tell of it."""
    pending = {name: each.due_ns for name, each in one.deadlines.items() if each.state == "pending"}
    silent_seconds = (now_ns - one.since_ns) / SECOND_NS
    is_stuck = one.status == "active" and not one.deadlines and silent_seconds > STUCK_SECONDS
    return InstanceSeen(
        process=one.process,
        key=one.key,
        status="stuck" if is_stuck else one.status,
        values=fields_of(one.state),
        since_ns=one.since_ns,
        position=one.position,
        deadlines=pending,
        failure=one.failure,
        failed_position=one.failed_position,
        refused={name: each.reason or "" for name, each in one.deadlines.items() if each.state == "failed"},
    )


def fields_of(state: object) -> dict[str, Any]:
    """The fields of an instance; none if its state is no map."""
    return cast("dict[str, Any]", state) if isinstance(state, dict) else {}


def deadlines_answer(found: Sequence[Deadline], request: DeadlinesRequest) -> DeadlinesDue:
    """The deadlines of a store: what was refused first, of many only so much that there is room for what is due."""
    refused = [one for one in found if one.state == "failed"]
    pending = sorted((one for one in found if one.state == "pending"), key=lambda one: one.due_ns)
    if request.deadline_id is not None:
        chosen = [one for one in found if one.deadline_id == request.deadline_id]
    else:
        first = refused[: max(request.limit // 2, request.limit - len(pending))]
        chosen = [*first, *pending[: request.limit - len(first)]]
    return DeadlinesDue(deadlines=tuple(chosen), count=len(found), refused=len(refused))


def letters_answer(found: Sequence[StoredSubscription], request: DeadLettersRequest) -> DeadLetters:
    """The dead letters of a store."""
    letters = [
        DeadLetterSeen(subscription=one.name, letter=letter)
        for one in found
        if request.subscription in (None, one.name)
        for letter in one.dead_letters
    ]
    return DeadLetters(letters=tuple(letters[: request.limit]), count=len(letters))
