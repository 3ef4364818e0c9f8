"""Filters: whatever is typed and whatever the data are, they are read, written and answered as said.

The naive evaluator below knows nothing of the engine's: it tries patterns by recursion, flattens values by recursion,
and asks every term in turn.
"""

from __future__ import annotations

import operator
import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from actum import Invalid, StoredRecord
from actum.monitor import Filter
from actum.monitor.filter_terms import Term
from actum.monitor.filter_values import Pattern
from hypothesis import given, settings
from hypothesis import strategies as st

#: Few letters, so that things meet; and all that the syntax knows.
LETTERS = "aAbß1.0-*?,:=<>!\"' \t\0"
TEXTS = st.one_of(
    st.sampled_from(
        ["a", "A", "ab", "b a", "1", "1.0", "-1", "0", "o'b", '"', "*", "?", "a*", "a,b", "", "\0", "2026-01-31"]
    ),
    st.text(alphabet=LETTERS, max_size=4),
)
NAMES = ["a", "b", "ab", "a.b", "key", "type", "1", "*", "a b", "'", '"']

ORDERS = {"=": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}

SINGLE = st.one_of(
    TEXTS,
    st.integers(-3, 3),
    st.sampled_from([None, True, False, 0.5, float("nan"), float("inf"), 2**63, Decimal("1.0"), Decimal("sNaN"), b"a"]),
    st.sampled_from(
        [
            datetime(2026, 1, 31, tzinfo=UTC),
            datetime.max.replace(tzinfo=UTC),
            "9" * 60,
            "-1e3",
            "1_0",
            "٣",
            "2026-01-32",
            object(),
        ]
    ),
    st.sampled_from([5000]).map(lambda digits: 10**digits),  # too long for a text
)
FIELDS = st.dictionaries(st.sampled_from(NAMES), SINGLE | st.lists(SINGLE, max_size=2), max_size=3)
DATA = st.one_of(SINGLE, FIELDS, st.lists(SINGLE | FIELDS, max_size=3))
EVENTS = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), DATA, max_size=3).map(lambda fields: {"@type": "ab", **fields}),
    st.lists(DATA, max_size=3).map(lambda values: ["ab", *values]),
)
RECORDS = st.builds(
    StoredRecord,
    event=EVENTS,
    aggregate=TEXTS,
    key=TEXTS,
    version=st.integers(0, 3),
    previous=st.just(0),
    timestamp_ns=st.integers(0, 2**64 - 1),
    command_id_bytes=st.binary(min_size=16, max_size=16),
    correlation_id=st.none() | TEXTS,
    causation_id=st.none() | TEXTS,
    user_id=st.none() | TEXTS,
    position=st.integers(0, 3),
)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    """Texts with wildcards between them."""
    parts = [draw(TEXTS)]
    for wildcard in draw(st.sampled_from(["", "*", "?", "**", "*?*"])):
        parts += wildcard, draw(TEXTS)
    return Pattern(tuple(parts))


@st.composite
def terms(draw: st.DrawFn) -> Term:
    """One term of any kind; patterns that nothing but quotes is written for stand alone."""
    inverted = draw(st.booleans())
    operator = draw(st.sampled_from(["", ":", ":", "!=", *ORDERS]))
    if not operator:
        word = draw(patterns())
        return Term(inverted, patterns=(Pattern(("a",)) if word == Pattern(("",)) else word,))
    name = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2)))
    if operator == ":":
        found = draw(st.lists(patterns(), min_size=1, max_size=3))
        several = [one for one in found if one != Pattern(("",))]
        return Term(inverted, name, operator=operator, patterns=tuple(several) or (Pattern(("",)),))
    return Term(inverted, name, operator=operator, text=draw(TEXTS))


@given(st.lists(terms(), max_size=4))
@settings(max_examples=300)
def test_what_is_written_is_read_again(typed: list[Term]) -> None:
    """Parsing what a filter writes gives that filter."""
    written = " ".join(map(str, typed))
    assert Filter.parse(written).terms == tuple(typed)


@given(st.text(alphabet=LETTERS + "typekcomand") | st.text())
@settings(max_examples=300)
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    """Nothing else is raised; and a filter that was read is written so that it is read again."""
    with suppress(Invalid):
        parsed = Filter.parse(text)
        assert Filter.parse(str(parsed)) == parsed


@given(st.lists(terms(), max_size=3), RECORDS, st.dictionaries(st.sampled_from(NAMES), DATA, max_size=3))
@settings(max_examples=400)
def test_it_agrees_with_the_naive_evaluator(typed: list[Term], record: StoredRecord, row: dict[str, Any]) -> None:
    """For records and for rows, whatever they hold; and nothing is raised."""
    found = Filter(tuple(typed))
    assert found.matches_record(record) == all(holds(term, record_values(term, record)) for term in typed)
    assert found.matches_row(row) == all(holds(term, values(row, term.name)) for term in typed)


def holds(term: Term, found: list[Any]) -> bool:
    """Whether a term holds for what it is about."""
    if not term.operator:
        around = Pattern(("", "*", *term.patterns[0].parts, "*", ""))
        answer = any(fitting(around, value) for value in found)
    elif term.operator == ":":
        answer = any(fitting(one, value) for one in term.patterns for value in found)
    elif term.operator == "!=":
        answer = bool(found) and not any(ordered("=", value, term.text) for value in found)
    else:
        answer = any(ordered(term.operator, value, term.text) for value in found)
    return answer != term.inverted


def record_values(term: Term, record: StoredRecord) -> list[Any]:
    """What a term is about, in a record."""
    headings = {"key": record.key, "type": "ab"}
    if not term.name:
        said = (record.aggregate, record.key, record.correlation_id, record.causation_id, record.user_id)
        return [*said, str(record.command_id), *flat(record.event)]
    if term.name[0] in headings and len(term.name) == 1:
        return [headings[term.name[0]]]
    return values(record.event, term.name)


def flat(value: Any) -> list[Any]:
    """The single values of a value."""
    if isinstance(value, dict):
        value = list(value.values())
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


def values(data: Any, path: tuple[str, ...]) -> list[Any]:
    """The single values at the end of a path."""
    if not path:
        return flat(data)
    if isinstance(data, dict):
        return values(data[path[0]], path[1:]) if path[0] in data else []
    if not isinstance(data, list):
        return []
    if path[0].isdecimal():
        return [leaf for item in data[int(path[0]) : int(path[0]) + 1] for leaf in values(item, path[1:])]
    return [leaf for item in data if isinstance(item, dict) for leaf in values(item, path)]


def fitting(wanted: Pattern, value: Any) -> bool:
    """Whether a value's text fits a pattern, by trying."""
    tokens: list[str] = []
    for index, part in enumerate(wanted.parts):
        tokens += [part] if index % 2 else [f"={character}" for character in part.lower()]
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, datetime):
        text = value.isoformat()
    elif isinstance(value, (str, float, Decimal)) or (isinstance(value, int) and abs(value) < 10**4000):
        text = str(value)
    else:
        return False
    return tried(tokens, text.lower())


def tried(tokens: list[str], text: str) -> bool:
    """Whether a text fits, by trying all the ways."""
    if not tokens:
        return not text
    if tokens[0] == "*":
        return any(tried(tokens[1:], text[index:]) for index in range(len(text) + 1))
    return bool(text) and tokens[0] in ("?", f"={text[0]}") and tried(tokens[1:], text[1:])


def ordered(name: str, value: Any, text: str) -> bool:
    """Whether a value stands so to a text."""
    if isinstance(value, bool) or value is None:
        return name in ("=", ">=", "<=") and text.lower() == {True: "true", False: "false", None: "null"}[value]
    if not isinstance(value, (str, int, float, Decimal, datetime)):
        return False
    number, moment = as_number(text), as_moment(text)
    wanted: Any = text if number is None and moment is None else moment if number is None else number
    if isinstance(value, str) and not isinstance(wanted, str):
        value = as_number(value) if number is not None else as_moment(value)
    if isinstance(value, datetime):
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return bool(ORDERS[name](value, wanted))
    except (TypeError, ArithmeticError):
        return False


def as_number(text: str) -> float | None:
    """A number, if plainly written; all that the texts here can be."""
    digits = text.replace(".", "", 1).removeprefix("-")
    if text.startswith("-1e"):
        return float(text)
    if not (digits.isascii() and digits.isdecimal()):
        return None
    return float(text) if "." in text else int(text)


def as_moment(text: str) -> datetime | None:
    """A day."""
    return datetime(2026, 1, 31, tzinfo=UTC) if text == "2026-01-31" else None


@pytest.mark.parametrize("text", ["*a" * 500, "?a*" * 300, "a*" * 900 + "b", "*" * 1900 + "b"])
def test_no_pattern_is_a_catastrophe(text: str) -> None:
    """The worst patterns on long texts take no longer than their lengths multiplied."""
    started = time.process_time()
    found = Filter.parse(f"x:{text}")
    assert not found.matches_row({"x": "ac" * 5_000})
    assert time.process_time() - started < 2
