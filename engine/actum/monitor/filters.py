"""The one filter grammar of the dashboard's tables and of the verbs: which records, which rows.

    type:OrderPlaced,OrderShipped  key:acc-*  !user:robot  amount>100  address.city=Berlin  time>=2026-01-31T12:00  milk

Terms between spaces must all hold; `!` inverts one. Behind `:` stand patterns, of which one must fit, with `*` and
`?`, whatever the case of letters; `=` is exact. `>`, `>=`, `<`, `<=` compare numbers and times as such. A word alone is
looked for in all values. A field that holds several values fits if one of them does; for `!=` none may be equal, but
there must be one. `filter_terms` has the syntax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, final

from actum.atomic.ids import family_of
from actum.monitor.filter_terms import Term, read_terms
from actum.monitor.filter_values import SINGLE, compares, contains, fits, leaves, values_at
from actum.records import command_id_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    from actum.monitor.filter_values import Accepts
    from actum.records import StoredRecord

    Test: TypeAlias = Callable[[Any], bool]


@final
class Filter:
    """Which records, or which rows; from `Filter.parse`.

    Attributes:
        terms: what must hold; with none everything is let through.

    Example:
        Filter.parse("type:Order* amount>100").matches_record(record)
    """

    __slots__ = ("_record_tests", "_row_tests", "terms")

    def __init__(self, terms: tuple[Term, ...] = ()) -> None:
        """Use `Filter.parse`."""
        self.terms = terms
        by_cost = sorted(terms, key=cost)  # what a record's heading decides comes first
        self._record_tests = tuple(record_test(term) for term in by_cost)
        self._row_tests = tuple(data_test(term) for term in by_cost)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a filter.

        Raises:
            Invalid: it is none; the message says what is wrong, where, and what could be meant.
        """
        return cls(read_terms(text))

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it asks for, without what lies below them; for rows, where nothing is a heading."""
        return frozenset(term.name[0] for term in self.terms if term.name)

    @property
    def positions(self) -> tuple[int, int | None]:
        """The first and the last position that it may let through, as far as it says; None for the end of the log."""
        first, last = 1, None
        for term in self.terms:
            if term.heading == "position" and not term.inverted and term.operator in BOUNDS:
                low, high = BOUNDS[term.operator]
                number = int(term.text)
                first = first if low is None else max(first, number + low)
                last = last if high is None else number + high if last is None else min(last, number + high)
        return first, last

    def matches_record(self, record: StoredRecord) -> bool:
        """Whether it lets a record through; never raises."""
        for test in self._record_tests:  # noqa: SIM110  # a generator costs more than most tests
            if not test(record):
                return False
        return True

    def matches_row(self, row: Mapping[str, Any]) -> bool:
        """Whether it lets a row through, whose names are all fields; never raises."""
        for test in self._row_tests:  # noqa: SIM110
            if not test(row):
                return False
        return True

    def __str__(self) -> str:
        """As it is typed: `Filter.parse(str(filter)) == filter`."""
        return " ".join(map(str, self.terms))

    def __repr__(self) -> str:
        """As it is typed."""
        return f"<Filter {self}>"

    def __eq__(self, other: object) -> bool:
        """Whether the terms are the same."""
        return isinstance(other, Filter) and self.terms == other.terms

    def __hash__(self) -> int:
        """Of the terms."""
        return hash(self.terms)


#: What is added to a number for the first and the last position that an operator lets through.
BOUNDS: dict[str, tuple[int | None, int | None]] = {
    "=": (0, 0), ">": (1, None), ">=": (0, None), "<": (None, -1), "<=": (None, 0),
}  # fmt: skip


MISSING: Any = object()


def cost(term: Term) -> int:
    """How much work a term is."""
    return 2 if not term.name else 1 if term.heading is None else 0


def record_test(term: Term) -> Test:
    """A term's question to a record."""
    if not term.operator:
        return inverted(term, word_in_record(acceptance(term)))
    if term.heading is None:
        return inverted(term, value_test(term, event_values(term.name)))
    if term.heading == "command" and term.operator in (":", "=", "!="):
        return inverted(term, command_test(term))
    says, accepts = SAYS[term.heading], acceptance(term)
    if term.operator == "!=":
        return inverted(term, lambda record: not accepts(says(record)))
    return inverted(term, lambda record: accepts(says(record)))


def data_test(term: Term) -> Test:
    """A term's question to a row, or to any other plain data."""
    return inverted(term, value_test(term, lambda data: values_at(data, term.name)))


def inverted(term: Term, test: Test) -> Test:
    """A test, or its opposite, as the term says."""
    return (lambda data: not test(data)) if term.inverted else test


def acceptance(term: Term) -> Accepts:
    """A term's question to a single value."""
    if not term.operator:
        return contains(term.patterns[0])
    return fits(term.patterns) if term.operator == ":" else compares(term.operator, term.text)


def value_test(term: Term, values_of: Callable[[Any], Sequence[Any]]) -> Test:
    """Whether one of some values is accepted; for `!=` whether there are some and none of them is equal."""
    accepts = acceptance(term)

    def some(data: object) -> bool:
        for value in values_of(data):  # noqa: SIM110  # a generator costs more than most values
            if accepts(value):
                return True
        return False

    if term.operator == "!=":
        return lambda data: bool(values_of(data)) and not some(data)
    return some


def event_values(path: tuple[str, ...]) -> Callable[[StoredRecord], Sequence[Any]]:
    """The values of an event's field."""
    first, alone = path[0], len(path) == 1

    def values_of(record: StoredRecord) -> Sequence[Any]:
        event = record.event
        if alone and type(event) is dict:
            value = event.get(first, MISSING)
            if value is MISSING:
                return ()
            if type(value) in SINGLE:
                return (value,)
        return values_at(event, path)

    return values_of


def word_in_record(accepts: Accepts) -> Test:
    """Whether a record has a word somewhere."""

    def test(record: StoredRecord) -> bool:
        return (
            accepts(record.key)
            or any(map(accepts, leaves(record.event)))  # its type among them
            or accepts(record.aggregate)
            or accepts(record.correlation_id)
            or accepts(record.causation_id)
            or accepts(record.user_id)
            or accepts(command_text(record))
        )

    return test


def command_test(term: Term) -> Test:
    """Whether a record is of a command, or of one of a `send_atomic`, that is named as it was given to `send`."""
    literals = [term.text] if term.operator != ":" else [one.parts[0] for one in term.patterns if one.literal]
    ids = frozenset(map(command_id_bytes, literals))
    families = tuple(map(family_of, ids))
    accepts = acceptance(term)

    def test(record: StoredRecord) -> bool:
        found = record.command_id_bytes
        return found in ids or found.startswith(families) or (term.operator == ":" and accepts(command_text(record)))

    return (lambda record: not test(record)) if term.operator == "!=" else test


def command_text(record: StoredRecord) -> str:
    """A record's command id as text."""
    digits = record.command_id_bytes.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def tag(record: StoredRecord) -> str | None:
    """The event's type; None for an event that has none, which no log holds."""
    try:
        return record.tag
    except LookupError:
        return None


#: How a record says what a heading names.
SAYS: dict[str, Callable[[StoredRecord], Any]] = {
    "type": tag,
    "aggregate": lambda record: record.aggregate,
    "key": lambda record: record.key,
    "version": lambda record: record.version,
    "position": lambda record: record.position,
    "time": lambda record: record.timestamp,
    "user": lambda record: record.user_id,
    "correlation": lambda record: record.correlation_id,
    "causation": lambda record: record.causation_id,
    "command": command_text,
}
