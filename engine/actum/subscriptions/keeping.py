"""One subscription's bookmark: loaded, compared with the log, saved; and the dead letters beside it.

The bookmark and the dead letters lie in the subscription's file, or where the user's class keeps them. What is saved of
the file is durable when the call returns.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, final

from actum_storage import GENESIS, Bookmark, StoreMismatch

from actum.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from actum_storage import Bookmarks, DeadLetter, Log

    from actum.clock import Clock
    from actum.subscriptions.cursor import Aside
    from actum.subscriptions.kind import SubscriptionKind
    from actum.subscriptions.subscription import Subscription


@final
class Keeping:
    """Where a subscription stands, durably.

    Attributes:
        saved: the position of the bookmark, -1 before it was loaded.
        letters: the dead letters, by position.
    """

    def __init__(
        self,
        kind: SubscriptionKind,
        subscription: Subscription,
        bookmarks: Bookmarks,
        log: Log,
        store_id: str,
        aside: Aside,
        clock: Clock,
    ) -> None:
        """Nothing loaded yet.

        Args:
            kind: the class, read.
            subscription: the user's object, which may keep its bookmark itself.
            bookmarks: the file.
            log: what positions are compared with.
            store_id: of the store that the log lies in, empty without one.
            aside: does the blocking work.
            clock: the time of saving.
        """
        self._kind = kind
        self._subscription = subscription
        self._bookmarks = bookmarks
        self._log = log
        self._store_id = store_id
        self._aside = aside
        self._clock = clock
        self.saved = -1
        self.letters: dict[int, DeadLetter] = {}
        self._turn = asyncio.Lock()

    @property
    def is_in_batch(self) -> bool:
        """Whether the user's `batch()` surrounds something now."""
        return self._turn.locked()

    @asynccontextmanager
    async def batch(self) -> AsyncGenerator[object]:
        """The user's `batch()`, one at a time: dead letters are retried and dropped beside."""
        async with self._turn, self._subscription.batch() as given:
            yield given

    async def load_letters(self) -> None:
        """Read the dead letters."""
        if self._kind.keeps_dead_letters:
            letters = await self._subscription.load_dead_letters()
        else:
            letters = await self._aside.run(self._bookmarks.dead_letters)
        self.letters = {letter.position: letter for letter in letters}

    async def is_buried(self, position: int) -> bool:
        """Whether there is a dead letter at a position; where the user's class keeps them, all are read again."""
        if self._kind.keeps_dead_letters:
            await self.load_letters()
        return position in self.letters

    async def load(self, head: int) -> int:
        """The position behind which to go on; a subscription without a bookmark gets the one that its `start` says.

        Raises:
            StoreMismatch: the bookmark is of another store or of another history.
            Invalid: `start` is behind the head.
        """
        kept = self._kind.keeps_bookmark
        bookmark = await (self._subscription.load_bookmark() if kept else self._aside.run(self._bookmarks.load))
        if bookmark is None:
            bookmark = await self._first(head)
            await self.save(bookmark)
        else:
            await self._check(bookmark, head)
            self.saved = bookmark.position
        return self.saved

    async def _first(self, head: int) -> Bookmark:
        """Where to begin."""
        start = self._kind.options.start
        position = start if isinstance(start, int) else head if start == "now" else 0
        if position > head:
            raise Invalid(
                f"subscription {self._kind.name}: start={position} is behind the log's end at {head}: give a position "
                'that the log has, or "now"'
            )
        return await self.at(position)

    async def at(self, position: int) -> Bookmark:
        """The bookmark of a position that the log has, or of 0."""
        return self.bookmark(position, await self._aside.run(partial(self._hash_at, position)))

    def bookmark(self, position: int, frame_hash: bytes) -> Bookmark:
        """The bookmark of a position in the frame with this hash."""
        return Bookmark(self._store_id, position, frame_hash)

    def _hash_at(self, position: int) -> bytes:
        """The hash of the frame that holds a position; beside the loop."""
        return next(iter(self._log.frames(position, position))).hash if position else GENESIS

    async def _check(self, bookmark: Bookmark, head: int) -> None:
        """Refuse a bookmark of which the log knows nothing: what it has not seen would be skipped."""
        name = self._kind.name
        if self._kind.keeps_bookmark:
            mend = "call its reset(position), or delete the bookmark where save_bookmark keeps it"
        else:
            mend = f"`actum subscriptions reset {name} --position N`, or delete {self._bookmarks.place}"
        if bookmark.store_id != self._store_id:
            raise StoreMismatch(
                f"the bookmark of subscription {name} belongs to store {bookmark.store_id or 'in memory'}, not to "
                f"{self._store_id or 'this one'}: give the subscription another name=, or {mend}"
            )
        if bookmark.position > head or await self.at(bookmark.position) != bookmark:
            raise StoreMismatch(
                f"the bookmark of subscription {name} is at position {bookmark.position} of another history: the log, "
                f"which ends at {head}, was put back from a backup. What the subscription did about events that are "
                f"gone is yours to mend; then {mend}"
            )

    async def save(self, bookmark: Bookmark) -> None:
        """Keep a bookmark."""
        if self._kind.keeps_bookmark:
            async with self.batch():
                await self._subscription.save_bookmark(bookmark)
        else:
            await self._aside.run(partial(self._bookmarks.save, bookmark, self._clock.now_ns()))
        self.saved = bookmark.position

    async def bury(self, letter: DeadLetter, bookmark: Bookmark | None = None) -> None:
        """Keep a dead letter, and go past it if a bookmark is given."""
        kept, subscription = self._kind.keeps_bookmark, self._subscription
        if self._kind.keeps_dead_letters:
            async with self.batch():
                await subscription.save_dead_letter(letter)
                if bookmark is not None:
                    await subscription.save_bookmark(bookmark)
        else:
            beside = None if kept else bookmark
            await self._aside.run(partial(self._bookmarks.bury, letter, beside, self._clock.now_ns()))
        self.letters[letter.position] = letter
        if bookmark is not None:
            if kept and not self._kind.keeps_dead_letters:
                await self.save(bookmark)
            self.saved = bookmark.position

    async def drop(self, position: int) -> None:
        """Forget a dead letter."""
        if self._kind.keeps_dead_letters:
            async with self.batch():
                await self.drop_in_batch(position)
        await self.drop_in_file(position)

    async def drop_in_batch(self, position: int) -> bool:
        """Forget a dead letter that the user's class keeps; inside its `batch()`, which may still fail.

        False: it was gone already, by somebody else.
        """
        return not self._kind.keeps_dead_letters or await self._subscription.drop_dead_letter(position) is not False

    async def drop_in_file(self, position: int) -> None:
        """Forget a dead letter here, and in the file if it is there."""
        if not self._kind.keeps_dead_letters:
            await self._aside.run(partial(self._bookmarks.drop, position))
        self.letters.pop(position, None)

    async def reset(self, position: int) -> None:
        """Go back to a position; the dead letters behind it come again by themselves."""
        bookmark = await self.at(position)
        kept, subscription = self._kind.keeps_bookmark, self._subscription
        if kept:
            await subscription.load_bookmark()  # a batch that was cancelled may have moved it
        if self._kind.keeps_dead_letters:
            async with self.batch():
                for each in self.letters:
                    if each > position:
                        await subscription.drop_dead_letter(each)
                await subscription.save_bookmark(bookmark)
        else:
            beside = None if kept else bookmark
            await self._aside.run(partial(self._bookmarks.reset, beside, position, self._clock.now_ns()))
            if kept:
                await self.save(bookmark)
        self.letters = {each: letter for each, letter in self.letters.items() if each <= position}
        self.saved = position

    async def close(self) -> None:
        """Release the file."""
        try:
            await self._aside.run(self._bookmarks.close)
        finally:
            self._aside.stop()

    def __repr__(self) -> str:
        """Where it stands."""
        return f"<Keeping {self._bookmarks!r} @{self.saved}>"
