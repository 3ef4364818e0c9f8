"""How a call ends: its answer printed, or its error, and the exit code.

0: done, and the answer is good. 1: the answer is bad: damage, differences, breaking changes. 2: it could not be done.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click
from actum import ActumError, StoreCorrupt, ViewBroken

from actum_tui.output import Answer, console, envelope, show
from actum_tui.safe_text import safe_lines

if TYPE_CHECKING:
    from actum_tui.call import Call

BAD = 1
FAILED = 2
#: What a shell expects of a process that a signal or a closed pipe ended.
INTERRUPTED = 128 + signal.SIGINT
BROKEN_PIPE = 128 + signal.SIGPIPE
TERMINATED = 128 + signal.SIGTERM


class TerminatedError(BaseException):
    """SIGTERM came: what is half done is undone on the way out."""


class Notes(logging.Handler):
    """Gathers what actum logs, to be shown beside the answer."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        """One line more, unless it is known."""
        message = record.getMessage()
        if message not in self._notes:
            self._notes.append(message)


def run(call: Call, work: Callable[[], Answer | None]) -> int:
    """Do it, print what came of it, and give the exit code. A verb that printed by itself gives None."""
    with noted(call.warnings), terminable():
        try:
            try:
                answer = work()
            except BrokenPipeError:
                raise
            except Exception as error:  # noqa: BLE001  # a tool answers with a sentence
                return failed(call, error)
            if answer is not None:
                told(call, answer)
            sys.stdout.flush()
        except BrokenPipeError:
            return silenced(BROKEN_PIPE)
        except KeyboardInterrupt:
            return silenced(INTERRUPTED)
        except TerminatedError:
            return silenced(TERMINATED)
        except OSError as error:
            code = silenced(FAILED)
            console(error=True).print(f"actum {call.verb}: the answer can't be written: {error.strerror}", style="red")
            return code
    if answer is not None and answer.unsaved:
        return FAILED
    return BAD if answer is not None and answer.bad else 0


def told(call: Call, answer: Answer) -> None:
    """Print an answer."""
    warnings = [*dict.fromkeys([*call.warnings, *answer.warnings])]
    if call.json:
        fault = {"type": "OSError", "message": answer.unsaved} if answer.unsaved else None
        click.echo(envelope(call.verb, call.store, answer.data, warnings, fault))
        return
    show(answer._replace(warnings=warnings))
    if answer.unsaved:
        sys.stdout.flush()
        console(error=True).print(f"actum {call.verb}: {safe_lines(answer.unsaved)}", style="red", soft_wrap=True)


def failed(call: Call, error: Exception) -> int:
    """Say what went wrong; the exit code."""
    if call.debug:
        traceback.print_exception(error)
    if isinstance(error, click.UsageError) and not call.json:
        raise error
    message = error.format_message() if isinstance(error, click.ClickException) else str(error)
    if not isinstance(error, (ActumError, OSError, click.ClickException)):
        message = f"unexpected {type(error).__name__}: {message}. --debug shows where; please report it."
    if call.json:
        fault = {"type": type(error).__name__, "message": message}
        click.echo(envelope(call.verb, call.store, None, call.warnings, fault))
        sys.stdout.flush()
    else:
        console(error=True).print(f"actum {call.verb}: {safe_lines(message)}", style="red", soft_wrap=True)
    return BAD if isinstance(error, (StoreCorrupt, ViewBroken)) else FAILED


def silenced(code: int) -> int:
    """Nobody reads standard output any more: what is left in its buffer must not hold up the end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


@contextmanager
def noted(notes: list[str]) -> Generator[None]:
    """Gather what actum logs in the meantime instead of printing it between the lines."""
    logger, handler = logging.getLogger("actum"), Notes(notes)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def terminable() -> Generator[None]:
    """SIGTERM raises, as SIGINT does, so that copies and exports leave nothing behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    """What SIGTERM does."""
    raise TerminatedError
