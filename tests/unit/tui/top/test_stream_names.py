"""Aggregates as people write them."""

from __future__ import annotations

from actum import StoredRecord
from actum.monitor import Hello
from actum_tui.top.stream_names import PROCESSES, StreamName, matching, stream_of, streams_in

HELLO = Hello(
    version="1",
    name="shop",
    store=None,
    store_id="",
    pid=1,
    python="3",
    loop="uvloop",
    opened_ns=0,
    durability="full",
    admin=False,
    aggregates=("Account", "actum.Processes"),
    processes=("Fulfilment",),
)


def record(aggregate: str, key: str, version: int) -> StoredRecord:
    """A record of a stream."""
    return StoredRecord({"@type": "E"}, aggregate, key, version, 0, 0, b"0" * 16)


def test_names_that_are_written() -> None:
    """Aggregates, and instances of processes by the process's name; keys may have slashes."""
    assert stream_of(" Account/alice ", HELLO) == StreamName("Account", "alice")
    assert stream_of("Account/a/b", HELLO) == StreamName("Account", "a/b")
    assert stream_of("Fulfilment/o-1", HELLO) == StreamName(PROCESSES, "Fulfilment/o-1")
    assert stream_of("actum.Processes/Fulfilment/o", HELLO) == StreamName(PROCESSES, "Fulfilment/o")


def test_what_is_no_name_is_refused() -> None:
    """With what there is."""
    for text in ("", "Account", "Account/", "/alice"):
        assert stream_of(text, HELLO) == "write an aggregate and a key: Account/alice"
    assert stream_of("Acount/a", HELLO) == "there is no Acount: there are Account, Fulfilment, actum.Processes"


def test_names_that_are_shown_are_names_that_are_written() -> None:
    """An instance is shown by its process; both lead back to the same stream."""
    for name in (StreamName("Account", "a/b"), StreamName(PROCESSES, "Fulfilment/o")):
        assert stream_of(name.text, HELLO) == name
    assert StreamName(PROCESSES, "Fulfilment/o").kind == "process"


def test_streams_of_records() -> None:
    """Those that changed last first, with their last versions."""
    found = streams_in([record("A", "1", 1), record("A", "2", 1), record("A", "1", 2)])

    assert list(found.items()) == [(StreamName("A", "1"), 2), (StreamName("A", "2"), 1)]


def test_completion() -> None:
    """Those that begin with it first; so many at most."""
    names = [StreamName("Account", "zoe"), StreamName("Order", "account-7"), StreamName("Account", "ann")]

    assert [name.key for name in matching("account", names, 9)] == ["zoe", "ann", "account-7"]
    assert [name.key for name in matching("AN", names, 9)] == ["ann"]
    assert len(matching("", names, 2)) == 2
