"""Reads `statistics()` for exporters, which may ask from any thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from threading import get_ident
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, final

if TYPE_CHECKING:
    from actum.follower import FollowerStatistics
    from actum.statistics import EngineStatistics

S_co = TypeVar("S_co", bound="EngineStatistics | FollowerStatistics", covariant=True)

#: The longest that a scrape waits for the loop.
SCRAPE_SECONDS_MAX = 5.0


class Measured(Protocol[S_co]):
    """What can be scraped: an engine, or a follower."""

    def statistics(self) -> S_co:
        """Where it stands."""
        ...


@final
class Scrape(Generic[S_co]):
    """Reads in the loop of an engine or a follower, wherever the question comes from."""

    def __init__(self, measured: Measured[S_co]) -> None:
        """Of something that is open, in the running loop.

        Raises:
            EngineClosed: it is not open.
        """
        self.first = measured.statistics()  # it has to be open
        self._measured = measured
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()

    def read(self) -> S_co:
        """The statistics of this moment; a loop that has ended changes nothing any more.

        Raises:
            TimeoutError: the loop gave no turn within `SCRAPE_SECONDS_MAX`.
            EngineClosed: the follower is closed.
        """
        if get_ident() == self._thread or self._loop.is_closed():
            return self._measured.statistics()
        answer: Future[S_co] = Future()

        def read() -> None:
            try:
                answer.set_result(self._measured.statistics())
            except Exception as error:  # noqa: BLE001  # raised where it was asked for
                answer.set_exception(error)

        self._loop.call_soon_threadsafe(read)
        return answer.result(timeout=SCRAPE_SECONDS_MAX)
