"""What an engine is given, looked at before anything is done with it: everything wrong is refused with a sentence."""

from __future__ import annotations

import inspect
import os
import socket
from collections.abc import Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, cast

from actum.atomic.conditions import Condition
from actum.batch import Metadata
from actum.core import OpenStore
from actum.errors import Invalid, shown
from actum.observer import Observer
from actum.options import Options
from actum.records import command_id_bytes, optional_identifier

if TYPE_CHECKING:
    from actum.middleware import Envelope

#: Services, upcasters or middleware of one engine; more is a mistake.
GIVEN_MAX = 10_000


def check_arguments(store: object, options: object, **sequences: object) -> None:
    """What `Engine.open` is given besides classes.

    Raises:
        Invalid: something else than a store, options, or sequences; or middleware that can't be called.
    """
    if not isinstance(store, (str, os.PathLike, OpenStore)) and not hasattr(store, "frames_backwards"):
        raise Invalid(f"store={shown(store)} is no store: give the path of a directory, or a log such as MemoryLog()")
    if options is not None and not isinstance(options, Options):
        raise Invalid(f"options={shown(options)}: give actum.Options(...)")
    for name, sequence in sequences.items():
        if not isinstance(sequence, Sequence) or isinstance(sequence, (str, bytes)):
            raise Invalid(f"{name}={shown(sequence)} is not a sequence: give a list")
        if len(cast("Sequence[object]", sequence)) > GIVEN_MAX:
            raise Invalid(
                f"{name}: {len(cast('Sequence[object]', sequence)):,} are too many: give {GIVEN_MAX:,} at most"
            )
        called = cast("Sequence[object]", sequence) if name in ("middleware", "alerts") else ()
        for function in called:
            if not callable(function):
                kind = "async functions" if name == "middleware" else "functions"
                raise Invalid(f"{name}={shown(function)} can't be called: give {kind}")
            if name == "alerts" and inspect.iscoroutinefunction(function):
                raise Invalid(f"alerts={shown(function)} is async, and nobody would await it: start a task in it")


def check_observer(observer: object) -> None:
    """What `Engine.open` and `follow` are given as `observer`.

    Raises:
        Invalid: something else than an observer.
    """
    if observer is not None and (isinstance(observer, type) or not isinstance(observer, Observer)):
        raise Invalid(f"observer={shown(observer)} is no observer: give actum.otel.Tracing()")


def check_monitor(*, monitor: object, admin: object) -> None:
    """Whether an engine may be watched, and acted upon.

    Raises:
        Invalid: something else than yes or no; actions without anybody to act; no Unix sockets on this system.
    """
    for name, value in (("monitor", monitor), ("admin", admin)):
        if not isinstance(value, bool):
            raise Invalid(f"{name}={shown(value)}: give True or False")
    if admin and not monitor:
        raise Invalid("admin=True allows those who attach to act, and nobody can attach: give monitor=True too")
    if monitor and not hasattr(socket, "AF_UNIX"):
        raise Invalid("monitor=True needs Unix sockets, which this system does not have: leave it out")


def metadata_of(envelope: Envelope) -> Metadata:
    """What was said beside a command, checked.

    Raises:
        Invalid: an id is not a UUID or a string of 1 to 200 bytes, the version no number from 0, the condition none.
    """
    command_id, expected_version = envelope.command_id, envelope.expected_version
    if expected_version is not None and not (type(expected_version) is int and expected_version >= 0):
        raise Invalid(f"expected_version={shown(expected_version)} is not a version: give 0, 1, 2 ...")
    traceparent = optional_identifier("traceparent", envelope.traceparent)
    return Metadata(
        command_id_bytes=None if command_id is None else command_id_bytes(command_id),
        user_id=optional_identifier("user_id", envelope.user_id),
        correlation_id=optional_identifier("correlation_id", envelope.correlation_id),
        causation_id=optional_identifier("causation_id", envelope.causation_id),
        expected_version=expected_version,
        unless=checked_condition(envelope.unless),
        traceparent=traceparent,
        context=None if traceparent is None else copy_context(),
    )


def checked_condition(condition: object) -> Condition | None:
    """What a command is sent with as `unless`.

    Raises:
        Invalid: something else than a condition.
    """
    if condition is None or isinstance(condition, Condition):
        return condition
    raise Invalid(f"unless={shown(condition)} is not a condition: give actum.Condition(events=[...], tags={{...}})")


def wrong_loop() -> Invalid:
    """The error for a call from another thread or event loop."""
    return Invalid(
        "an engine is used in the event loop that opened it: from another thread, "
        "use asyncio.run_coroutine_threadsafe(engine.send(...), loop)"
    )
