"""Reads the log for one process: which of its instances has to react to what."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any, final

from actum.automation.process_step import Entry, instance_of
from actum.errors import Invalid
from actum.logbook import facts
from actum.upcasting import Several, events_of

if TYPE_CHECKING:
    from actum.core import Core
    from actum.processes.kind import ProcessKind

log = logging.getLogger("actum.processes")


@final
class Reader:
    """The log as a process sees it.

    Attributes:
        unroutable: events since opening whose field that names the instance holds no key.
    """

    __slots__ = ("_core", "_interesting", "_kind", "unroutable")

    def __init__(self, core: Core, kind: ProcessKind) -> None:
        """Nothing is read yet."""
        self._core = core
        self._kind = kind
        self._interesting = {*kind.reactions, Several}
        self.unroutable = 0

    def slice(self, start: int, stop: int, only: str | None = None) -> tuple[dict[str, list[Entry]], int]:
        """What instances have to react to in the next part of the log, by key, and the position where that ends.

        Args:
            start: the first position.
            stop: the last one, if it is not too far.
            only: one instance, if the others don't matter.
        """
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        last, seen = start - 1, 0
        for frame in self._core.log.frames(start, stop):
            for position, event in enumerate(self._core.codec.events(frame), frame.first):
                if start <= position <= stop and type(event) in self._interesting:
                    self._sort(found, position, frame.record(position - frame.first), only)
            last = min(frame.last, stop)
            seen += frame.count
            if seen >= self._core.options.replay_slice_events:
                break
        return found, last

    def _sort(self, found: dict[str, list[Entry]], position: int, data: bytes | memoryview, only: str | None) -> None:
        """Give the events of one record to the instances that they name."""
        record = self._core.codec.record(position, data)
        by_key: defaultdict[str, list[Any]] = defaultdict(list)
        for event in events_of(record.event):
            one = self._kind.reactions.get(type(event))
            key = None if one is None else getattr(event, one.key)
            if key is not None:
                by_key[key].append(event)
        for key, events in by_key.items():
            if only is not None and key != only:
                continue
            try:
                instance_of(self._kind.name, key)
            except Invalid as error:
                self.unroutable += 1
                log.error(  # noqa: TRY400  # the event is wrong, not this code
                    "the event at position %d names no instance of %s: %s",
                    position,
                    self._kind.name,
                    error,
                    extra=facts("event unroutable", error, process=self._kind.name, position=position),
                )
                continue
            found[key].append(Entry(position, tuple(events), record))

    def __repr__(self) -> str:
        """For which process."""
        return f"<Reader of {self._kind.name}>"
