"""Where consumers read: the log of an engine, or of a store that another process writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actum_storage import Log

    from actum.clock import Clock
    from actum.codec import Codec
    from actum.observer import Observer
    from actum.options import Options


class Source(NamedTuple):
    """Where consumers read.

    Attributes:
        log: the events.
        head: the last position that they may read, now.
        codec: decodes them.
        store_id: of the store, empty without one.
        services: given to `Subscription.open`.
        clock: time.
        options: bounds.
        observer: told of what is delivered.
    """

    log: Log
    head: Callable[[], int]
    codec: Codec
    store_id: str
    services: Sequence[object]
    clock: Clock
    options: Options
    observer: Observer | None = None
