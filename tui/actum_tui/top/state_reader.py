"""The states of one stream, asked of the source; those that were seen just now are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

from actum.monitor import State, StateRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from actum_tui.top.source import Source
    from actum_tui.top.stream_names import StreamName

#: States that are kept: as many as somebody steps to and fro.
STATES_MAX = 64


class Step(NamedTuple):
    """A state, and the one before its last event."""

    before: State
    after: State


@final
class StateReader:
    """States of one stream."""

    def __init__(self, source: Source, stream: StreamName) -> None:
        """Nothing known yet."""
        self._source = source
        self._stream = stream
        self._known: dict[int, State] = {}

    async def step(self, version: int, progress: Callable[[int, int], None] | None = None) -> Step:
        """The states before and after the event of a version. Cancelling ends the work for it.

        Raises:
            Unavailable: the source has no states.
            ActumError: the engine refuses; why.
        """
        return Step(await self._state(version - 1, progress), await self._state(version, progress))

    async def _state(self, version: int, progress: Callable[[int, int], None] | None) -> State:
        """One state."""
        found = self._known.pop(version, None)
        if found is None:
            aggregate, key = self._stream
            answer = await self._source.ask(StateRequest(aggregate=aggregate, key=key, version=version), progress)
            assert isinstance(answer, State), "a question about a state is answered by one"
            found = answer
        self._known[version] = found
        while len(self._known) > STATES_MAX:
            del self._known[next(iter(self._known))]
        return found
