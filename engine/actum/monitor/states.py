"""The state of an aggregate, or of an instance of a process, at any version: for who moves through versions quickly.

A stream is walked once; after that states are kept along it, so that a neighbour costs a few events, wherever it is:

    version   0 ....... 128 ....... 256 ....... 384 .. 401     kept: encoded, one at each mark, as many as fit
                                                        ^      at hand: the state that was asked for last

When there are too many marks every other one is dropped and the distance doubles. All of it belongs to one client, and
goes with it; a live actor is never touched.
"""

from __future__ import annotations

import asyncio
from array import array
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, final

from actum.codec import ENCODER, ENCODING_ERRORS, decoder_of
from actum.errors import Invalid, shown
from actum.inspection import durable_head
from actum.monitor.columns import columns_of
from actum.monitor.pace import Crowd, Pace
from actum.monitor.requests import State
from actum.monitor.values import state_values
from actum.processes.stream import ProcessStepped, ProcessStream
from actum.records import check_identifier
from actum.schemas.gate import check_evolved
from actum.upcasting import events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from msgspec import Struct

    from actum.core import Core
    from actum.monitor.requests import StateRequest
    from actum.processes.kind import ProcessKind
    from actum.streams import Streams

    #: Told how far an answer is: done, of whole.
    Progress = Callable[[int, int], None]

#: Streams that one client can go back to without waiting.
STREAMS_MAX = 4
#: Events between two kept states, at first.
SPACING_EVENTS = 128
#: Kept states of one stream, in number and in bytes.
KEPT_STATES_MAX = 512
KEPT_BYTES_MAX = 8_000_000
PROCESSES = ProcessStream.__aggregate_options__.name


@final
class States:
    """Answers one client's questions about states, one after the other."""

    def __init__(self, core: Core) -> None:
        """Of an open engine; nothing is read yet."""
        self._core = core
        self._streams: dict[tuple[str, str], Past] = {}
        self._turn = asyncio.Lock()

    async def answer(self, request: StateRequest, progress: Progress | None = None) -> State:
        """The state at a version; at the last durable one without.

        A process's instance goes by the process's name and its key, or as the log has it: `actum.Processes` and
        `process/key`. Cancelling ends the work at its next slice; what was learnt stays.

        Raises:
            Invalid: there is no such aggregate, process or version, or the code of today can't make the state.
        """
        streams, key, kind = self._stream(request)
        async with self._turn:
            past = self._streams.pop((streams.name, key), None) or Past(self._core, streams, key, kind)
            self._streams[streams.name, key] = past
            while len(self._streams) > STREAMS_MAX:
                del self._streams[next(iter(self._streams))]
            version, state = await past.at(request.version, progress or untold)
            values, cut = state_values(state)
            return State(
                aggregate=request.aggregate,
                key=request.key,
                version=version,
                columns=columns_of(type(state)),
                values=values,
                cut=cut,
            )

    def _stream(self, request: StateRequest) -> tuple[Streams, str, ProcessKind | None]:
        """The streams and the key that are meant, and the process whose instance it is, if it is one.

        Raises:
            Invalid: there are none.
        """
        every = self._core.directory.streams
        kinds = {kind.name: kind for kind in self._core.catalogue.processes}
        name, key = request.aggregate, check_identifier("key", request.key)
        if name in kinds and name not in every:
            return every[PROCESSES], check_identifier("process and key", f"{name}/{key}"), kinds[name]
        if name not in every:
            known = ", ".join(sorted({*every, *kinds})) or "none"
            raise Invalid(f"{shown(name)} is neither an aggregate nor a process of this engine: it has {known}")
        return every[name], key, kinds.get(key.partition("/")[0]) if name == PROCESSES else None


@final
class Past:
    """One stream: where its records are, and states along it."""

    def __init__(self, core: Core, streams: Streams, key: str, kind: ProcessKind | None) -> None:
        """Nothing is read yet; with a kind it is an instance of this process."""
        self._core = core
        self._streams = streams
        self._key = key
        self._kind = kind
        self._positions = array("Q")  # of version 1, 2, 3 ...
        self._kept: dict[int, bytes] = {}  # in the order of the versions
        self._spacing = SPACING_EVENTS
        self._decode = decoder_of(streams.kind.aggregate)
        self._at_hand: tuple[int, Any] | None = None

    async def at(self, version: int | None, progress: Progress) -> tuple[int, Struct]:
        """A version, the last one for None, and the state there; it may not be changed, and not be kept.

        Raises:
            Invalid: there is no such version, or today's code can't make its state.
        """
        with self._pace() as pace:
            return await self._at(version, progress, pace)

    @contextmanager
    def _pace(self) -> Generator[Pace]:
        """Work in slices: how long an event takes depends on what is in it."""
        pace = Pace(self._core.clock, Crowd())
        try:
            yield pace
        finally:
            pace.finish()

    async def _at(self, version: int | None, progress: Progress, pace: Pace) -> tuple[int, Struct]:
        """As `at`, at a pace."""
        await self._read_positions(progress, pace)
        last = len(self._positions)
        version = last if version is None else version
        if not 0 <= version <= last:
            raise Invalid(f"{self._streams.name}/{self._key} has no version {version:,}: it is at {last:,}")
        if self._kind is not None:
            return version, await self._last_step(self._kind, version, pace)
        return version, await self._folded(version, progress, pace)

    async def _read_positions(self, progress: Progress, pace: Pace) -> None:
        """Walk back from the last durable event to the newest one that is known."""
        known = self._positions[-1] if self._positions else 0
        found = array("Q")
        new = 0
        for position, link, _ in self._streams.walk(durable_head(self._core, self._streams, self._key)):
            if position <= known:
                break
            new = new or link.version - len(self._positions)
            found.append(position)
            if pace.is_due:
                progress(len(found), 2 * new)
                await pace.rest()
        found.reverse()
        self._positions += found

    async def _folded(self, version: int, progress: Progress, pace: Pace) -> Any:
        """The state at a version, folded from the nearest one before it that is there."""
        reached, state = self._nearest(version)
        self._at_hand = None  # a handler that fails leaves it half changed
        start, evolves = reached, self._streams.evolves
        for record in self._streams.records(self._positions[reached:version]):
            try:
                for event in events_of(record.event):
                    if type(event) not in evolves:
                        check_evolved(record.aggregate, evolves, event, record.position)
                    evolves[type(event)](state, event)
            except Exception as error:
                raise Invalid(
                    f"today's code can't fold {record.aggregate}/{record.key} past version {reached:,}: the event at "
                    f"position {record.position:,} fails: {type(error).__name__}: {error}"
                ) from error
            reached = record.version
            if reached % self._spacing == 0 and reached not in self._kept:
                self._keep(reached, state)
            if pace.is_due:
                self._at_hand = (reached, state)
                progress(version - start + reached - start, 2 * (version - start))
                await pace.rest()
        self._at_hand = (version, state)
        return state

    def _nearest(self, version: int) -> tuple[int, Any]:
        """The latest state up to a version that is at hand or kept, or the one before the first event."""
        mark = max((kept for kept in self._kept if kept <= version), default=0)
        if self._at_hand is not None and mark <= self._at_hand[0] <= version:
            return self._at_hand
        return (mark, self._decode(self._kept[mark])) if mark else (0, self._streams.kind.aggregate())

    def _keep(self, version: int, state: Any) -> None:
        """Keep a copy; with too many or too large ones, only every other."""
        try:
            encoded = ENCODER.encode(state)
            self._decode(encoded)
        except ENCODING_ERRORS:
            return  # it is folded from further away each time
        self._kept[version] = encoded
        while len(self._kept) > KEPT_STATES_MAX or sum(map(len, self._kept.values())) > KEPT_BYTES_MAX:
            self._spacing *= 2
            self._kept = {kept: state for kept, state in self._kept.items() if kept % self._spacing == 0}

    async def _last_step(self, kind: ProcessKind, version: int, pace: Pace) -> Any:
        """What the last step up to a version has left; what is there before the first one, if there is none."""
        for position in reversed(self._positions[:version]):
            (record,) = self._streams.records([position])
            if isinstance(record.event, ProcessStepped):
                try:
                    return kind.decode(ENCODER.encode(record.event.state))
                except ENCODING_ERRORS as error:
                    raise Invalid(
                        f"the state of {self._key} at version {record.version:,} can't be read: {error}"
                    ) from error
            if pace.is_due:
                await pace.rest()
        return kind.process()


def untold(done: int, whole: int) -> None:
    """Nobody wants to know how far it is."""
