"""Does something in a forked child, so that a signal or a hang is a result and not the end of the caller."""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

#: A child that takes longer hangs.
SECONDS_MAX = 20.0


def forked(work: Callable[[], str], *, seconds: float = SECONDS_MAX) -> str:
    """What the work gave; or "died: SIGSEGV", "hung", or "raised: ..." with the traceback.

    Nothing may be open in the caller that a fork must not share.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        answer = b""
        try:
            faulthandler.disable()  # a death is a result here
            os.close(reading)
            answer = work().encode(errors="backslashreplace")
        except BaseException:  # noqa: BLE001  # it is told to the parent
            answer = ("raised: " + traceback.format_exc()).encode(errors="backslashreplace")
        finally:
            with suppress(OSError), os.fdopen(writing, "wb") as pipe:
                pipe.write(answer)
            os._exit(0)
    os.close(writing)
    answer, hung = read_until_closed(reading, seconds)
    if hung:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if hung:
        return "hung"
    return f"died: {signal.Signals(os.WTERMSIG(status)).name}" if os.WIFSIGNALED(status) else answer.decode()


def read_until_closed(reading: int, seconds: float) -> tuple[bytes, bool]:
    """All that comes through a pipe, and whether it took too long."""
    answer = b""
    deadline = time.monotonic() + seconds
    try:
        while select.select([reading], [], [], max(0.0, deadline - time.monotonic()))[0]:
            part = os.read(reading, 1 << 16)
            if not part:
                return answer, False
            answer += part
    finally:
        os.close(reading)
    return answer, True
