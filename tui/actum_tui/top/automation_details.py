"""What happens by itself, one at a time and in full: an instance with its steps, a deadline, a dead letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from actum import ActumError, Deadline, StoredRecord
from actum.monitor import DeadLetterSeen, InstanceSeen
from rich.text import Text

from actum_tui.output import cell_text, duration
from actum_tui.safe_text import safe_lines, safe_text
from actum_tui.top.automation_asked import (
    Automation,
    Panel,
    deadline_of,
    instance_of,
    instance_steps,
    letter_of,
    record_of,
    subject,
)
from actum_tui.top.figures import whole
from actum_tui.top.grid import GridRow
from actum_tui.top.source import Source, Unavailable
from actum_tui.top.standing import SECOND_NS, STYLES, condition_of, due_in, due_of, state_of
from actum_tui.top.steps import StepSeen

#: Characters of one value.
VALUE_CHARACTERS_MAX = 2_000
#: Steps that are shown: the last ones.
STEPS_MAX = 50


def instance_text(one: InstanceSeen, steps: Sequence[StepSeen] | None, trouble: str, now_ns: int) -> Text:
    """An instance: how it stands and why, its fields, its steps.

    Args:
        one: the instance.
        steps: oldest first; None while they are read.
        trouble: why they can't be read, or nothing.
        now_ns: the time.
    """
    word = condition_of(one)
    made = heading(f"{one.process}/{one.key}", word, f"for {duration((now_ns - one.since_ns) / SECOND_NS)}")
    if one.failure is not None:
        where = f"at position {whole(one.failed_position)}" if one.failed_position else "why"
        made.append_text(pair(where, one.failure, style="red"))
    for name, reason in one.refused.items():
        made.append_text(pair(f"{name} refused", reason, style="red"))
    for name, due_ns in sorted(one.deadlines.items(), key=lambda each: each[1]):
        made.append_text(pair(f"deadline {name}", due_in(due_ns, now_ns)))
    if one.waits_for and word != "done":
        made.append_text(pair("waits for", ", ".join(one.waits_for)))
    if one.values:
        made.append_text(section("fields"))
        made.append_text(values(one.values))
    made.append_text(section("steps"))
    if trouble:
        return made.append(safe_lines(trouble) + "\n", style="yellow")
    if steps is None:
        return made.append("reading the log ...\n", style="dim")
    return made.append_text(Text.assemble(*step_lines(steps)))


def step_lines(steps: Sequence[StepSeen]) -> Iterator[Text]:
    """The last steps, the newest first: when, about what, and what came of it."""
    for step in reversed(steps[-STEPS_MAX:]):
        about = f" @{whole(step.cause_position)}" if step.cause_position else ""
        yield Text.assemble(
            (f"{moment(step.timestamp_ns)} ", "dim"),
            (safe_text(step.cause or "an event"), "bold"),
            (about, "dim"),
            "\n",
        )
        outcome = safe_text(step.outcome[:VALUE_CHARACTERS_MAX]) or "nothing"
        yield Text.assemble("  → ", (outcome, "red" if step.failed else ""), "\n")
    if len(steps) > STEPS_MAX:
        yield Text(f"{whole(len(steps) - STEPS_MAX)} earlier ones: enter\n", style="dim")


def deadline_text(one: Deadline, now_ns: int) -> Text:
    """A deadline and its command."""
    state = state_of(one, now_ns)
    made = heading(one.command, state, due_of(one, now_ns))
    if one.reason is not None:
        made.append_text(pair("refused", one.reason, style="red"))
    made.append_text(pair("due", one.due.isoformat(timespec="milliseconds").replace("+00:00", "Z")))
    made.append_text(pair("id", one.deadline_id))
    made.append_text(pair("scheduled", "once" if one.number == 1 else f"{one.number:,} times"))
    for name in ("user_id", "correlation_id", "causation_id"):
        value = getattr(one, name)
        if value is not None:
            made.append_text(pair(name.replace("_", " "), value))
    made.append_text(section("command"))
    return made.append_text(values(subject(one.arguments)))


def letter_text(one: DeadLetterSeen, record: StoredRecord | None, trouble: str, now_ns: int) -> Text:
    """A dead letter and its event."""
    letter = one.letter
    made = heading(letter.tag, "dead letter", f"of {one.subscription}")
    made.append_text(pair("error", letter.error, style="red"))
    ago = f"{duration((now_ns - letter.failed_ns) / SECOND_NS)} ago"
    tried = "once" if letter.attempts == 1 else f"{letter.attempts:,} times"
    made.append_text(pair("tried", f"{tried}, the last time {ago}" if letter.attempts else "marked to be tried again"))
    made.append_text(pair("event", f"{letter.aggregate}/{letter.key} at position {whole(letter.position)}"))
    made.append_text(section("event"))
    if trouble or record is None:
        return made.append(safe_lines(trouble or "reading the log ...") + "\n", style="yellow" if trouble else "dim")
    event = record.event
    return made.append_text(values(event if isinstance(event, dict) else dict(enumerate(event))))


def heading(name: str, state: str, rest: str) -> Text:
    """What it is, and how."""
    return Text.assemble(
        (safe_text(name), "bold"), "  ", (safe_text(state), STYLES.get(state, "")), " ", (safe_text(rest), "dim"), "\n"
    )


def section(name: str) -> Text:
    """A part begins."""
    return Text.assemble((f"{name}\n", "underline"))


def pair(name: str, value: str, *, style: str = "") -> Text:
    """A name and a value."""
    cut = value[:VALUE_CHARACTERS_MAX] + ("…" if len(value) > VALUE_CHARACTERS_MAX else "")
    return Text.assemble((safe_text(name) + "  ", "dim"), (safe_lines(cut), style), "\n")


def values(fields: Mapping[Any, object]) -> Text:
    """Fields, one a line."""
    return Text.assemble(*(pair(str(name), cell_text(value)) for name, value in fields.items() if name != "@type"))


def moment(timestamp_ns: int) -> str:
    """A time of day in UTC, to the millisecond; the day before it, since days pass."""
    at = datetime.fromtimestamp(timestamp_ns / SECOND_NS, UTC)
    return at.strftime("%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03}"


class Detail(NamedTuple):
    """A row in full.

    Attributes:
        panel: the table it is in.
        row: as it was when it was read.
        subject: what it is about; None if that is gone.
        steps: of an instance; None while they are not known.
        record: of a dead letter.
        trouble: why something can't be read, or nothing.
    """

    panel: Panel
    row: GridRow
    subject: InstanceSeen | Deadline | DeadLetterSeen | None
    steps: Sequence[StepSeen] | None = None
    record: StoredRecord | None = None
    trouble: str = ""

    def is_of(self, panel: Panel, row: GridRow) -> bool:
        """Whether this is the row as it is now."""
        return (self.panel, self.row.key, self.row.data) == (panel, row.key, row.data)

    @property
    def trace(self) -> tuple[str | None, int | None] | None:
        """What it belongs to, and the position of a record that does too; None if it was caused by nothing."""
        if isinstance(self.subject, Deadline):
            found = self.subject.correlation_id or self.subject.causation_id
            return None if found is None else (found, None)
        if self.record is not None:
            return self.record.correlation_id, self.record.position
        return (self.steps[-1].correlation_id, self.steps[-1].position) if self.steps else None

    def text(self, now_ns: int) -> Text:
        """All of it."""
        match self.subject:
            case InstanceSeen() as instance:
                return instance_text(instance, self.steps, self.trouble, now_ns)
            case Deadline() as deadline:
                return deadline_text(deadline, now_ns)
            case DeadLetterSeen() as letter:
                return letter_text(letter, self.record, self.trouble, now_ns)
            case None:
                return Text(safe_lines(self.trouble) or "it is gone", style="yellow" if self.trouble else "dim")


async def detail_of(source: Source, panel: Panel, row: GridRow, found: Automation) -> Detail:
    """Read a row in full; what can't be read is said in it."""
    data = subject(row.data)
    detail = Detail(panel, row, None)
    try:
        if panel == "deadlines":
            return detail._replace(subject=await deadline_of(source, data["deadline_id"]))
        if panel == "letters":
            detail = detail._replace(subject=letter_of(found.letters, data["subscription"], data["position"]))
            return detail._replace(record=await record_of(source, data["position"]))
        detail = detail._replace(subject=await instance_of(source, data["process"], data["key"]))
        return detail._replace(steps=await instance_steps(source, data["process"], data["key"]))
    except (ActumError, Unavailable) as error:
        return detail._replace(trouble=str(error))
