"""What the market's subscriptions have seen: each event that they want, in order, none left out, few of them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.simulation.disk import Platter
from tests.simulation.market import BATCH_MAX, RETRY_MAX, Books
from tests.simulation.market_log import MarketLog

NAMES = ("reader", "ledger")


class Readers:
    """Both of them, over all lives.

    Attributes:
        books: what the ledger has kept.
        mended: what could not be read, and can be read now.
    """

    def __init__(self, platter: Platter, log: MarketLog, faults: list[str]) -> None:
        """Nothing seen; faults are added to the list."""
        self.books = Books()
        self.mended: set[int] = set()
        self._platter = platter
        self._log = log
        self._faults = faults
        self._handled: set[int] = set()
        self._again = 0
        self._last: dict[str, int] = {}
        self._failures: Counter[tuple[str, int]] = Counter()
        self._buried: dict[str, set[int]] = {name: set() for name in NAMES}
        self._retried: dict[str, set[int]] = {name: set() for name in NAMES}
        self._dropped: dict[str, set[int]] = {name: set() for name in NAMES}

    def begin(self) -> None:
        """Another life."""
        self.mended = set()
        self._again = 0
        self._last.clear()

    @property
    def buried(self) -> int:
        """How many events were put aside, by either."""
        return sum(map(len, self._buried.values()))

    def wanted(self, name: str) -> list[int]:
        """The positions that one has to see, as far as the log goes."""
        self._log.read()
        return sorted([*self._log.movements, *(self._log.shipped if name == "reader" else ())])

    def letters(self, name: str) -> set[int]:
        """The dead letters as they lie on the disk: none appears without reason, none is lost."""
        file = self._platter.bookmarks.get(name)
        kept: Iterable[int] = self.books.letters
        letters = (
            set(kept) if name == "ledger" else {letter.position for letter in file.dead_letters()} if file else set()
        )
        for position in letters - self._buried[name]:
            if self._failures[name, position] <= RETRY_MAX:
                self._faults.append(f"{name} has put {position} aside after {self._failures[name, position]} failures")
        lost = self._buried[name] - letters - self._retried[name] - self._dropped[name]
        if lost:
            self._faults.append(f"{name} has lost its dead letters of {sorted(lost)}")
        self._buried[name] |= letters
        return letters

    def retry(self, name: str, position: int) -> None:
        """Somebody has a dead letter tried again."""
        self._retried[name].add(position)

    def drop(self, name: str, position: int) -> None:
        """Somebody forgets a dead letter."""
        self._dropped[name].add(position)

    def comes(self, name: str, position: int) -> None:
        """One is given an event: what it wants before that is done, and it does not go back."""
        letters = self.letters(name)
        if position in self._retried[name]:
            return
        if name == "reader" and position < self._last.get(name, 0):
            self._faults.append(f"{name} goes back from {self._last[name]} to {position}")
        self._last[name] = position
        over = self._handled | letters | self._retried[name] | self._dropped[name]
        missing = [each for each in self.wanted(name) if each < position and each not in over]
        if name == "reader" and missing:
            self._faults.append(f"{name} is given {position} and never saw {missing}")
        if position in self.books.entries and name == "ledger":
            self._faults.append(f"{name} is given {position}, which it has entered")

    def failed(self, name: str, position: int) -> None:
        """Its handler raised."""
        self._failures[name, position] += 1

    def handled(self, name: str, position: int) -> None:
        """Its handler is through."""
        if name == "ledger":
            return
        self._again += position in self._handled and position not in self._retried[name]
        if self._again > BATCH_MAX:
            self._faults.append(f"{name} saw more than {BATCH_MAX} events again in one life, {position} the last")
        self._handled.add(position)

    def wrote(self, books: Books) -> None:
        """The ledger's transaction: each movement up to its bookmark is entered once, in order, or put aside."""
        self.books = books
        retried, dropped = self._retried["ledger"], self._dropped["ledger"]
        aside = self.letters("ledger") | retried | dropped
        stands = 0 if books.bookmark is None else books.bookmark.position
        wanted = [each for each in self.wanted("ledger") if each <= stands and each not in aside]
        entries = [each for each in books.entries if each not in aside]
        twice = [each for each, count in Counter(books.entries).items() if count > 1]
        if entries != wanted or twice:
            self._faults.append(f"the ledger stands at {stands} with {books.entries}; the log has {wanted}")
        both = set(books.entries) & set(books.letters)
        neither = retried - dropped - set(books.entries) - set(books.letters)
        if both or neither:
            self._faults.append(f"the ledger has both entered and put aside {both}, and neither {neither}")

    def check_end(self) -> None:
        """Both have seen everything."""
        for name in NAMES:
            done = self._handled if name == "reader" else set(self.books.entries)
            missing = set(self.wanted(name)) - done - self.letters(name) - self._dropped[name]
            if missing:
                self._faults.append(f"{name} never saw {sorted(missing)}")
