"""What the dashboard looks at: a running engine, a store's directory, or a recording. Screens know only this."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from actum.monitor import Frame, Hello

if TYPE_CHECKING:
    from actum.monitor import Action, Question, Reply, Wanted

    from actum_tui.top.journal import Journal


Kind: TypeAlias = Literal["live", "store", "recording"]


class Lost(NamedTuple):
    """What is looked at can't be reached now; the source goes on trying.

    Attributes:
        sentence: what has happened, and what it is waiting for.
    """

    sentence: str


class Found(NamedTuple):
    """It can be reached (again); frames follow.

    Attributes:
        hello: who it is now: an engine that was opened again has another process.
    """

    hello: Hello


class Past(NamedTuple):
    """Frames that lie before the next one, of a source that has jumped: what lines of the last minutes are made of.

    Attributes:
        frames: oldest first.
    """

    frames: Sequence[Frame]


class Unavailable(Exception):  # named by what happened, as all errors here
    """This source does not have what was asked for; the message says which one would, and how to get there."""


class Source(Protocol):
    """Something that frames come from, and that can be asked."""

    @property
    def hello(self) -> Hello:
        """Who it is; after `open`."""
        ...

    @property
    def journal(self) -> Journal:
        """Its log."""
        ...

    @property
    def kind(self) -> Kind:
        """What it is."""
        ...

    async def open(self) -> None:
        """Reach it.

        Raises:
            ActumError: it can't be reached; why, and what to do.
        """
        ...

    async def close(self) -> None:
        """Leave it. Again: nothing."""
        ...

    def frames(self) -> AsyncIterator[Frame | Lost | Found | Past]:
        """What it shows, once an interval; without end but for a recording. For one task."""
        ...

    def watch(self, watch: Wanted) -> None:
        """Say what the next frames shall hold."""
        ...

    async def ask(self, request: Question | Action, progress: Callable[[int, int], None] | None = None) -> Reply:
        """Ask something. Cancelling ends the work for it.

        Raises:
            Unavailable: this source does not have that.
            ActumError: it has, but refuses, or is not reachable now.
        """
        ...
