"""The open batch: positions, room, and its bounds."""

from __future__ import annotations

from actum.batch import PLAIN, Metadata, OpenBatch

from tests.support.bank import Deposited

EVENT = Deposited(account_id="a", amount=1)


def test_an_empty_batch_gives_its_first_position_next() -> None:
    """Positions are counted from the first."""
    batch = OpenBatch(5, events_max=3, bytes_max=100)
    assert (batch.first, batch.next_position, batch.full) == (5, 5, False)
    batch.events += [EVENT, EVENT]
    assert batch.next_position == 7


def test_there_is_room_for_so_many_events() -> None:
    """The bound is inclusive, and a command is in as a whole or not at all."""
    batch = OpenBatch(1, events_max=3, bytes_max=100)
    batch.events += [EVENT]
    assert batch.has_room(2)
    assert not batch.full
    assert not batch.has_room(3)
    assert batch.full


def test_above_half_of_the_bytes_there_is_no_room() -> None:
    """A command is at most half a frame large, so it fits whenever the batch is at most half full."""
    batch = OpenBatch(1, events_max=10, bytes_max=100)
    batch.records += b"x" * 50
    assert batch.has_room(1)
    batch.records += b"x"
    assert not batch.has_room(1)
    assert batch.full


def test_a_plain_command_is_known_by_identity() -> None:
    """Metadata that say nothing are equal to the plain ones; only these are the shortcut."""
    assert Metadata() == PLAIN
    assert Metadata(user_id="ann") != PLAIN


def test_a_batch_shows_where_it_stands() -> None:
    """First position, events, bytes."""
    batch = OpenBatch(7, events_max=3, bytes_max=100)
    batch.events += [EVENT]
    batch.records += b"xxx"
    assert repr(batch) == "<OpenBatch @7 1 events 3 bytes>"
