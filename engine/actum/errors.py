"""What actum raises, one class for each thing that a caller can do about it.

The root `ActumError` and everything that the disk can do live in `actum_storage.errors`; here are the errors of
commands, queries, views and engines. Each docstring ends with what to do. Expected outcomes travel as values inside
the engine; they are raised at the public door only.
"""

from __future__ import annotations

from typing import cast, final

from actum_storage import ActumError

#: What a message shows of a refused value.
SHOWN_CHARACTERS_MAX = 40
SHOWN_NUMBER_MAX = 10**20

#: What `Overloaded` proposes: a few group commits.
RETRY_AFTER_SECONDS = 0.05

#: Longer reasons are cut.
REASON_CHARACTERS_MAX = 1_000


class Rejected(ActumError):
    """The aggregate said no: a business rule forbids the command. Nothing was written.

    Raise it in a `@decide` handler; subclass it to give a rejection a name and fields of its own.

    What to do: change the command; sending the same one again gives the same answer while the state is the same.
    """


@final
class Invalid(ActumError):
    """A command, event, query, row or argument is malformed: of the wrong type, unknown, empty or too long.

    What to do: correct the value that the message names. Nothing was written.
    """


@final
class Conflict(ActumError):
    """`expected_version` is not the aggregate's version, or an event is there that a `Condition` excludes.

    Somebody else wrote in between. Nothing was written; `position` is that of the excluded event.

    What to do: read again, decide again, send again.
    """

    def __init__(self, message: str, *, expected_version: int, version: int, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position
        self.expected_version = expected_version
        self.version = version


@final
class Overloaded(ActumError):
    """A mailbox or the engine is full. The command was not accepted: nothing happened.

    What to do: send it again after `retry_after_seconds`, or send less.
    """

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


@final
class CommandFailed(ActumError):
    """A handler has a bug: `decide`, `evolve` or a service raised something else than `Rejected`. Nothing was written.

    The cause is `__cause__`. The actor is read again from the log; other actors don't notice.

    What to do: fix the handler.
    """


@final
class Quarantined(ActumError):
    """The aggregate's handlers failed `quarantine_failures_max` times in a row; its commands are refused.

    What to do: fix the handler and reopen, or call `engine.release(...)` when the cause has gone.
    """


@final
class CommandTimeout(ActumError, TimeoutError):
    """No answer within `timeout`. The message says whether the command was dropped or may still take effect.

    What to do: send it again with the same `command_id`; it has its effect once.
    """


@final
class Reentrant(ActumError):
    """An actor that is deciding sent a command to itself, directly or through others, and would wait forever.

    What to do: yield more events instead, or send the command after the decision.
    """


@final
class ViewBroken(ActumError):
    """A view's handler raised at `position`; its rows are not served any more. Commands and other views go on.

    What to do: fix the handler and reopen, or call `engine.rebuild(View)`.
    """

    def __init__(self, message: str, *, view: str, position: int) -> None:
        super().__init__(message)
        self.view = view
        self.position = position


@final
class SubscriptionStopped(ActumError):
    """A subscription has stopped before the position that somebody waits for, and goes no further by itself.

    What to do: mend what the message names, then `consumer.resume()`, and wait again.
    """


@final
class WriteOutsideProjection(ActumError):
    """A view's rows were written outside a `@project` handler. Read models change by events only.

    What to do: send a command; let its event change the view.
    """


@final
class WatchClosed(ActumError):
    """More changes waited for a reader of `engine.watch(..., when_slow="close")` than `buffer_max` allows.

    `position` is that of the last change that it was given, None if it was given none.

    What to do: read faster, or watch again with `since=` that position.
    """

    def __init__(self, message: str, *, position: int | None) -> None:
        super().__init__(message)
        self.position = position


@final
class EngineClosed(ActumError):
    """The engine is closed, closing, or not open yet.

    What to do: use it inside `async with Engine.open(...)`.
    """


@final
class CatalogueError(ActumError):
    """The classes given to `Engine.open` or `follow` don't fit together; the message lists every fault with its fix.

    What to do: mend the faults; nothing was opened.
    """

    def __init__(self, faults: list[str], *, who: str = "the engine") -> None:
        lines = "\n".join(f"  {number}. {fault}" for number, fault in enumerate(faults, 1))
        plural = "fault" if len(faults) == 1 else "faults"
        super().__init__(f"{who} can't open: {len(faults)} {plural} in the catalogue\n{lines}")
        self.faults = faults


def shown(value: object) -> str:
    """A value that was refused, as a message names it: short, and without what it holds.

    Its own `repr` is not asked: that may fail, be huge, or give away what a log must not show.
    """
    kind = type(value)
    if isinstance(value, type):
        return f"the class {value.__qualname__}"
    if value is None or kind in (bool, float) or (kind is int and abs(value) < SHOWN_NUMBER_MAX):  # type: ignore[arg-type]
        return repr(value)
    if kind is str:
        text = str(value)
        return repr(text) if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]!r}..."
    return f"a {kind.__name__}"


def mailbox_full(actor: object, size_max: int) -> Overloaded:
    """Why an actor takes no command now."""
    return Overloaded(
        f"the mailbox of {actor!r} is full (mailbox_size_max={size_max}): try again later",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


def engine_full(pending_max: int) -> Overloaded:
    """Why an engine takes no command now."""
    return Overloaded(
        f"the engine is full ({pending_max:,} commands waiting, commands_pending_max): try again later",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


def never_fits(holds: int, pending_max: int) -> Invalid:
    """Why an engine never takes a send of several."""
    most = f"commands_pending_max={pending_max:,}"
    return Invalid(f"a send_atomic to {holds:,} aggregates never fits ({most}): send less, or raise it")


def reason_of(error: BaseException) -> str:
    """What an error says, as it can be stored and shown: its kind and its text, cut, whatever is in it."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  # a user's `__str__` may raise anything
        text = "its text can't be made"
    return f"{type(error).__name__}: {text}"[:REASON_CHARACTERS_MAX].encode(errors="backslashreplace").decode()


def first_of(error: BaseException) -> BaseException:
    """The first rejection of a group of rejections, such as a TaskGroup raises; any other error as it is."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        if group.split((Rejected, Invalid))[1] is None:
            return first_of(group.exceptions[0])
        return group
    return error


def position_named_by(answer: object) -> int:
    """The position of the event for which a command is refused, which may be of another aggregate; 0 for none."""
    return (answer.position or 0) if type(answer) is Conflict else 0
