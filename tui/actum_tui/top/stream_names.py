"""Aggregates and instances of processes as people write them: `Account/alice`, `Fulfilment/order-7`.

In the log an instance of a process is a stream of `actum.Processes` whose key is `Fulfilment/order-7`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actum import StoredRecord
    from actum.monitor import Hello

#: The aggregate whose streams are instances of processes.
PROCESSES = "actum.Processes"


class StreamName(NamedTuple):
    """One stream: the aggregate's name and the key, as the log has them."""

    aggregate: str
    key: str

    @property
    def text(self) -> str:
        """As people write it."""
        return self.key if self.aggregate == PROCESSES else f"{self.aggregate}/{self.key}"

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return "process" if self.aggregate == PROCESSES else "aggregate"


def stream_of(text: str, hello: Hello) -> StreamName | str:
    """The stream that somebody wrote; or what is wrong with that."""
    owner, slash, key = text.strip().partition("/")
    if not slash or not owner or not key:
        return "write an aggregate and a key: Account/alice"
    if owner in hello.processes and owner not in hello.aggregates:
        return StreamName(PROCESSES, f"{owner}/{key}")
    if hello.aggregates and owner not in hello.aggregates:
        known = ", ".join(sorted({*hello.aggregates, *hello.processes}))
        return f"there is no {owner}: there are {known}"
    return StreamName(owner, key)


def streams_in(records: Iterable[StoredRecord]) -> dict[StreamName, int]:
    """The streams of some records, those that changed last first, and the last version of each."""
    found: dict[StreamName, int] = {}
    for record in reversed(list(records)):
        found.setdefault(StreamName(record.aggregate, record.key), record.version)
    return found


def matching(text: str, streams: Iterable[StreamName], most: int) -> list[StreamName]:
    """Those with the text in them: that begin with it first, otherwise in their order; so many at most."""
    text = text.strip().casefold()
    found = [name for name in streams if text in name.text.casefold()]
    found.sort(key=lambda name: not name.text.casefold().startswith(text))
    return found[:most]
