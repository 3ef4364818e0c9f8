"""What an engine does, told while it happens, to whoever traces it: `Engine.open(observer=...)`; see `actum.otel`.

Nothing is told, and nothing is done for it, where no observer was given. What an observer raises is its own fault and
hits what it was told of, as with middleware; only a commit goes on, since others wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, runtime_checkable

from actum.codec import array_of, decode_traceparents
from actum.logbook import facts

if TYPE_CHECKING:
    from actum.batch import OpenBatch
    from actum.core import Core
    from actum.deadlines.deadline import Deadline
    from actum.middleware import Envelope, Send
    from actum.records import Receipt, Record


log = logging.getLogger("actum.observer")


class Committed(NamedTuple):
    """A commit has been written, and views apply it.

    Attributes:
        first: the position of its first event.
        events: how many.
        size: in bytes.
        elapsed_ns: how long the writing took.
        now_ns: by the engine's clock.
        traceparents: those of its events, in order, each once.
    """

    first: int
    events: int
    size: int
    elapsed_ns: int
    now_ns: int
    traceparents: tuple[str, ...]


class Delivering(NamedTuple):
    """A subscription handles a batch.

    Attributes:
        subscription: its name.
        first: the position of the first event that it wants.
        last: everything up to here will be done.
        events: how many it wants.
    """

    subscription: str
    first: int
    last: int
    events: int


class Handling(NamedTuple):
    """A subscription handles one event, perhaps in a batch."""

    subscription: str
    record: Record


class Stepping(NamedTuple):
    """An instance of a process reacts to an event."""

    process: str
    key: str
    record: Record


class Firing(NamedTuple):
    """The command of a deadline is sent."""

    deadline: Deadline


Work: TypeAlias = "Committed | Delivering | Handling | Stepping | Firing"


@runtime_checkable
class Observer(Protocol):
    """What `Engine.open(observer=...)` and `follow(observer=...)` take."""

    def send(self, envelope: Envelope, send: Send, /) -> Awaitable[Receipt]:
        """Middleware around all other: may give the envelope a `traceparent`, which is stored with the events."""
        ...

    def during(self, work: Work, /) -> AbstractContextManager[object]:
        """Entered in the loop when the work begins, left when it ends; what leaves it by an exception has failed."""
        ...

    def failed(self, error: BaseException, /) -> None:
        """The work that is under way here has failed, and the engine has dealt with it."""
        ...

    def traceparent(self) -> str | None:
        """Of what is under way here, as W3C Trace Context writes it; stored with a deadline that it schedules."""
        ...


def during(observer: Observer | None, work: Callable[[], Work]) -> AbstractContextManager[object]:
    """Around some work; the work is only described if somebody observes."""
    return NOTHING if observer is None else observer.during(work())


NOTHING = nullcontext()


def settling(core: Core, observer: Observer, settled: Callable[[OpenBatch], None]) -> Callable[[OpenBatch], None]:
    """What settles a batch, observed."""
    before_ns = 0

    def settle(batch: OpenBatch) -> None:
        nonlocal before_ns
        total_ns = core.scheduler.committer.commit_ns
        elapsed_ns, before_ns = total_ns - before_ns, total_ns
        found = decode_traceparents(array_of(len(batch.events), batch.records))
        traceparents = tuple(dict.fromkeys(one.traceparent for one in found if one.traceparent is not None))
        now_ns = core.clock.now_ns()
        size = len(batch.records)
        work = Committed(batch.first, len(batch.events), size, elapsed_ns, now_ns, traceparents)
        with harmless(observer, work):
            settled(batch)

    return settle


@contextmanager
def harmless(observer: Observer, work: Work) -> Generator[None]:
    """Around work that goes on whatever the observer does; what it raises is told in the log."""
    leave: Callable[[], object] = bool
    try:
        around = observer.during(work)
        around.__enter__()
        leave = partial(around.__exit__, None, None, None)
    except Exception:
        log.exception("the observer failed at the beginning of a commit", extra=facts("observer failed"))
    yield
    try:
        leave()
    except Exception:
        log.exception("the observer failed at the end of a commit", extra=facts("observer failed"))
