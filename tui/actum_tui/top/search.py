"""Looking for records through a log of any length: piece by piece, in the journal's thread, as far as is wanted.

Pieces are small enough that a search ends at once when its task is cancelled, and what was found so far is shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import final

from actum import StoredRecord
from actum.monitor import Filter, TraceSearch

from actum_tui.top.figures import whole
from actum_tui.top.journal import DirectoryJournal, Journal

#: Positions of one piece.
PIECE_POSITIONS = 2_000


@final
class Search:
    """Goes through a log in one direction, and stops where it has found or looked at enough; then it can go on.

    Attributes:
        forwards: whether it goes to later positions.
        looked_at: positions that were looked at, so far.
        at: the last position that was looked at; 0 for none.
    """

    def __init__(self, journal: Journal, wanted: Filter, start: int, *, forwards: bool = False) -> None:
        """Nothing looked at yet.

        Args:
            journal: the log.
            wanted: what is looked for.
            start: the first position to look at.
            forwards: whether it goes to later ones.
        """
        first, last = wanted.positions
        self._journal = journal
        self._wanted = wanted
        self.forwards = forwards
        self._first = max(1, first)
        self._last = last
        self._next = max(start, self._first) if forwards else start if last is None else min(start, last)
        self.looked_at = 0
        self.at = 0

    def over(self, head: int) -> bool:
        """Whether there is nothing more to look at.

        Args:
            head: where the log ends.
        """
        if self.forwards:
            return self._next > (head if self._last is None else min(head, self._last))
        return self._next < self._first

    async def further(self, head: int, *, records: int, positions: int) -> AsyncIterator[Sequence[StoredRecord]]:
        """What is found in each piece, in the order of positions; it ends when it is over, or enough.

        Args:
            head: where the log ends.
            records: about so many are enough.
            positions: so many are looked at, at most.
        """
        found, looked_at = 0, 0
        while not self.over(head) and found < records and looked_at < positions:
            start, stop = self._piece(head, PIECE_POSITIONS if self._wanted.terms else min(PIECE_POSITIONS, records))
            read = await self._journal.records(start, stop)
            self._next = stop + 1 if self.forwards else start - 1
            self.at = stop if self.forwards else start
            looked_at += stop - start + 1
            self.looked_at += stop - start + 1
            these = [record for record in read if self._wanted.matches_record(record)]
            found += len(these)
            yield these

    def _piece(self, head: int, size: int) -> tuple[int, int]:
        """The positions to be looked at next."""
        if self.forwards:
            last = head if self._last is None else min(head, self._last)
            return self._next, min(last, self._next + size - 1)
        return max(self._first, self._next - size + 1), self._next

    def told(self, head: int) -> str:
        """How far it has looked, and how it goes on."""
        if self.over(head):
            return f"looked at all {whole(self.looked_at)} events"
        where = "up" if self.forwards else "back"
        return f"looked at {whole(self.looked_at)} events {where} to position {whole(self.at)}; m looks further"


async def trace_piece(journal: Journal, search: TraceSearch) -> bool:
    """Give a search for a trace the next piece of the log that it wants; whether it wanted one.

    From a directory only the records of frames that hold one of its marks are decoded.
    """
    piece = search.wanted()
    if piece is None:
        return False
    if isinstance(journal, DirectoryJournal):
        start, stop, marks = piece
        search.give(piece, await journal.read(lambda store: list(store.records(start, stop, holding=marks))))
    else:
        search.give(piece, await journal.records(piece.start, piece.stop))
    return True
