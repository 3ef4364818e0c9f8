"""What the screen of processes asks a source for: no more than is seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from actum import ActumError, Deadline, StoredRecord
from actum.monitor import (
    DeadLetters,
    DeadLetterSeen,
    DeadLettersRequest,
    DeadlinesDue,
    DeadlinesRequest,
    InstanceSeen,
    Processes,
    ProcessesRequest,
)

from actum_tui.top.source import Source, Unavailable
from actum_tui.top.steps import PROCESSES, StepSeen, cause_positions, steps_of, stream_of

Panel: TypeAlias = Literal["instances", "deadlines", "letters"]

#: Rows that are asked for, and of them for what is not seen: how many there are comes too.
ROWS_MAX = 200
#: The events that the last steps reacted to are read, each from its own place.
CAUSES_MAX = 20
#: One word, which an engine can look for in keys.
WORD = re.compile(r"[^\s:=<>!\"']+")


class Wanted(NamedTuple):
    """What is seen.

    Attributes:
        panel: the table.
        process: only instances of this one.
        subscription: only dead letters of this one.
        text: the filter.
        counted: whether the engine's own figures are there, so that only what is seen has to be asked for.
    """

    panel: Panel
    process: str | None
    subscription: str | None
    text: str
    counted: bool


class Automation(NamedTuple):
    """What was answered; None for what is not known.

    Attributes:
        processes: instances.
        due: deadlines.
        letters: dead letters.
        trouble: why something can't be had, or nothing.
    """

    processes: Processes | None = None
    due: DeadlinesDue | None = None
    letters: DeadLetters | None = None
    trouble: str = ""


async def automation_of(
    source: Source, wanted: Wanted, before: Automation, told: Callable[[int, int], None]
) -> Automation:
    """Ask for what is seen; what is not asked for now is as it was before. `told` how much of the log is read."""
    found = before._replace(trouble="")
    try:
        found = found._replace(processes=await processes_of(source, wanted, told))
        if wanted.panel == "deadlines" or not wanted.counted:
            due = await source.ask(DeadlinesRequest(limit=ROWS_MAX))
            found = found._replace(due=cast("DeadlinesDue", due))
        if wanted.panel == "letters" or not wanted.counted:
            letters = await source.ask(DeadLettersRequest(subscription=wanted.subscription, limit=ROWS_MAX))
            found = found._replace(letters=cast("DeadLetters", letters))
    except (ActumError, Unavailable) as error:
        return found._replace(trouble=str(error))
    return found


async def processes_of(source: Source, wanted: Wanted, told: Callable[[int, int], None]) -> Processes:
    """The first instances; if a word is looked for and there are more, those whose keys have it."""
    limit = ROWS_MAX if wanted.panel == "instances" else 1
    answer = cast("Processes", await source.ask(ProcessesRequest(process=wanted.process, limit=limit), told))
    if wanted.panel != "instances" or answer.count <= limit or not WORD.fullmatch(wanted.text):
        return answer
    request = ProcessesRequest(process=wanted.process, limit=limit, text=wanted.text)
    return cast("Processes", await source.ask(request))


async def instance_of(source: Source, process: str, key: str) -> InstanceSeen | None:
    """One instance with its fields.

    Raises:
        ActumError, Unavailable: it can't be asked for.
    """
    answer = cast("Processes", await source.ask(ProcessesRequest(process=process, key=key, limit=1)))
    return next(iter(answer.instances), None)


async def instance_steps(source: Source, process: str, key: str) -> list[StepSeen]:
    """The steps of an instance, with the events that the last of them were about.

    Raises:
        ActumError, Unavailable: the log can't be read.
    """
    records = await source.journal.history(PROCESSES, stream_of(process, key))
    causes: dict[int, StoredRecord] = {}
    for position in cause_positions(records)[-CAUSES_MAX:]:
        causes.update({record.position: record for record in await source.journal.records(position, position)})
    return list(steps_of(records, causes))


async def deadline_of(source: Source, deadline_id: str) -> Deadline | None:
    """One deadline with its command's fields.

    Raises:
        ActumError, Unavailable: it can't be asked for.
    """
    answer = cast("DeadlinesDue", await source.ask(DeadlinesRequest(deadline_id=deadline_id)))
    return next(iter(answer.deadlines), None)


async def record_of(source: Source, position: int) -> StoredRecord | None:
    """The record at a position.

    Raises:
        ActumError, Unavailable: the log can't be read.
    """
    return next(iter(await source.journal.records(position, position)), None)


def subject(data: object) -> Mapping[str, Any]:
    """A row's data by name."""
    return cast("Mapping[str, Any]", data) if isinstance(data, dict) else {}


def letter_of(answer: DeadLetters | None, subscription: str, position: int) -> DeadLetterSeen | None:
    """One of the dead letters that are seen."""
    letters = () if answer is None else answer.letters
    return next((one for one in letters if (one.subscription, one.letter.position) == (subscription, position)), None)
