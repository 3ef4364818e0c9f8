"""The filter grammar: which records and rows it lets through, and what it says of a text that is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from actum import Invalid, StoredRecord
from actum.atomic.ids import family_of, member
from actum.monitor import Filter
from actum.records import EPOCH, command_id_bytes

COMMAND = UUID("01981f6e-8c1b-7aaa-8bbb-0123456789ab")
EVENT: dict[str, Any] = {
    "@type": "OrderPlaced",
    "order_id": "o-17",
    "amount": 250,
    "price": "99.90",
    "paid": False,
    "note": None,
    "key": "inner",
    "address": {"city": "Berlin", "lines": ["Unter den Linden 1", "Mitte"]},
    "items": [{"sku": "milk", "count": 2}, {"sku": "Brown Bread", "count": 1}],
    "at": datetime(2026, 1, 31, 12, tzinfo=UTC),
    "a.b": "dotted",
}


def record(**changes: Any) -> StoredRecord:
    """A record with all that a record can have."""
    whole = StoredRecord(
        event=EVENT,
        aggregate="Order",
        key="o-17",
        version=3,
        previous=880,
        timestamp_ns=(datetime(2026, 1, 31, 12, 30, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) * 1000,
        command_id_bytes=COMMAND.bytes,
        correlation_id="basket-9",
        causation_id=None,
        user_id="alice",
        position=900,
    )
    return msgspec.structs.replace(whole, **changes)


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "type:OrderPlaced", "type:OrderShipped,OrderPlaced", "type:order*", "type:Order????ed"),
        *("type=OrderPlaced", "!type=orderplaced", "!type:Account*", "aggregate:Order key:o-*", "key!=o-18"),
        *("position>899 position<901", "position>=900 position<=900", "position=900", "version:3", "version!=2"),
        *("time>2026-01-31T12:00", "time<=2026-01-31T13:30+01:00", "time:2026-01-31*", "!time>2026-02-01"),
        *("user:alice", "user:*", "!user:robot", "user!=robot", "causation=null", "!causation:*", "causation!=x"),
        *("correlation:basket-*", f"command={COMMAND}", f"command:{COMMAND}", "command:01981f6e*", "command!=order-1"),
        *("amount>100", "amount>=250", "amount=250", "amount=250.0", "amount!=251", "amount<1e3", "amount:2?0"),
        *("price>99.8", "price=99.9", "price<100", "paid=false", "paid:false", "note=null", "!note:*", "note!=5"),
        *("order_id>o-16", ".key=inner", "!key=inner", "address.city=Berlin", "address.city:berlin,paris"),
        *("address:mitte", "address.lines:mit*", "items.sku=milk", "items.sku!=butter", "items.count>1"),
        *("items.1.sku:brown*", "!items.2.sku:*", "items.sku='Brown Bread'", 'items.sku:"brown "*', '"a.b"=dotted'),
        *("at>2026-01-31", "at=2026-01-31T12:00Z", "milk", "MILK", '"brown bread"', "o-*7", "99.9", "!butter"),
        *("basket-9", "alice", str(COMMAND), "orderplaced", "milk amount>100 !user:robot"),
    ],
)
def test_it_lets_a_record_through(text: str) -> None:
    """Every way to say something true of a record; the opposite of each one-term filter lets it not through."""
    assert Filter.parse(text).matches_record(record())
    if text.strip() and len(text.split()) == 1:
        opposite = text[1:] if text.startswith("!") else f"!{text}"
        assert not Filter.parse(opposite).matches_record(record())


@pytest.mark.parametrize(
    "text",
    [
        *("nothing!=5", "nothing:*", "nothing=null", "address.nothing:x", "note>0", "paid>0", "address.city>5"),
        *("amount>2026-01-31", "at>5", "order_id=O-17", "type=orderplaced", "amount=x", "items.sku!=milk", "butter"),
    ],
)
def test_it_lets_a_record_not_through(text: str) -> None:
    """A field that is not there has no value, `=` is exact, and what can't be compared is in no order."""
    assert not Filter.parse(text).matches_record(record())


def test_rows_have_fields_alone() -> None:
    """What is a record's heading is a field of a row; nothing else is different."""
    row = {"key": "acc-1", "type": "savings", "balance": Decimal("12.50"), "owner": {"name": "Ann"}, "position": "top"}
    for text in ("key:acc-*", "type=savings balance>12", "owner.name:ann", "ann", "position:top", ".position=top"):
        assert Filter.parse(text).matches_row(row), text
    for text in ("aggregate:*", "position>5", "key:bcc-*", "acc-2"):
        assert not Filter.parse(text).matches_row(row), text
    assert Filter.parse("balance>1 owner.name:a* word").fields == {"balance", "owner"}


def test_a_command_is_found_by_the_id_that_was_given() -> None:
    """Also by a text, and by that of a whole `send_atomic`, whose commands have ids of their own."""
    by_text = record(command_id_bytes=command_id_bytes("order 17"))
    assert Filter.parse('command="order 17"').matches_record(by_text)
    together = record(command_id_bytes=member(family_of(command_id_bytes("batch")), 4))
    assert Filter.parse("command=batch").matches_record(together)
    assert Filter.parse("command:x,batch").matches_record(together)
    assert not Filter.parse("command!=batch").matches_record(together)


def test_an_event_that_is_an_array() -> None:
    """Its fields have numbers; the first one is the tag."""
    array = record(event=["Moved", 5, {"to": "x"}])
    assert Filter.parse("type:moved 1=5 2.to=x").matches_record(array)
    assert not Filter.parse("amount>1").matches_record(array)
    assert not Filter.parse("type:*").matches_record(record(event=[]))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("amount>1", 1, None),
        ("position>=10 position>20 position<100 position<=90", 21, 90),
        ("position=7", 7, 7),
        ("!position=7 position!=8 position:9* .position=3", 1, None),
    ],
)
def test_where_it_is_worth_looking(text: str, first: int, last: int | None) -> None:
    """A search need not look where a filter lets nothing through."""
    assert Filter.parse(text).positions == (first, last)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "amount > 100",
            "filter, at character 8, '>': a name is missing before >: write as in amount>100, without spaces",
        ),
        (
            "x type:",
            "filter, at character 3, 'type:': nothing follows it: write what it should be like, without a space",
        ),
        ("=5", "filter, at character 1, '=5': a name is missing before =: write as in amount=100, without spaces"),
        ("!=5", "a name is missing before !="),
        ("!", "nothing follows it: write a word, or a name and a value as in type:Order*"),
        ("!!x", "one ! inverts already: take one away, or put the word in quotes"),
        ("a!b=5", "! stands before a name, or before =; a name that has one needs quotes"),
        ("a==5", "== is no operator: use one of : = != > >= < <=, or quotes around the value"),
        ("a=>5", "=> is no operator"),
        ("a..b=5", "a field is missing beside the dot: write as in address.city=Berlin"),
        ("type:a,,b", "nothing stands beside a comma: take it away, or put it in quotes if the value has it"),
        ('x:"a b', "filter, at character 3, '\"a b': the quote is not closed: write \" behind it too"),
        ("position>abc", "'abc' is no whole number: write as in position>1000; .position is the event's own field"),
        ("version=1.5", "'1.5' is no whole number: write as in version=1000"),
        ("time>12:00", "'12:00' is no time: write as in time>2026-01-31T12:00, which is UTC, or with +01:00 behind it"),
        ("x" * 2_001, "a filter has at most 2,000 characters, not 2,001"),
        (5, "a filter is a text, not 5"),
        ("command=" + "x" * 201, "command_id has 201 bytes"),
    ],
)
def test_what_is_wrong_is_named(text: Any, fault: str) -> None:
    """The message says what is wrong, where, and what could be meant."""
    with pytest.raises(Invalid) as caught:
        Filter.parse(text)
    assert fault in str(caught.value)


def test_filters_are_values() -> None:
    """Equal if their terms are; shown as they are typed."""
    one, other = Filter.parse(' type:Order*   "a b" '), Filter.parse("type:Order* 'a b'")
    assert one == other
    assert hash(one) == hash(other)
    assert one != Filter.parse("type:Order*")
    assert one != "type:Order*"
    assert str(one) == 'type:Order* "a b"'
    assert repr(one) == '<Filter type:Order* "a b">'
    assert Filter() == Filter.parse("")
