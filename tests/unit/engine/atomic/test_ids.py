"""The ids of one `send_atomic`: derived, of their own, and seen to belong together."""

from __future__ import annotations

from uuid import UUID, uuid4

from actum.atomic.ids import family_of, index_of, member, same_family
from actum.clock import TimeOrderedIds
from hypothesis import given
from hypothesis import strategies as st


@given(st.binary(min_size=16, max_size=16), st.integers(0, 1_023))
def test_an_id_says_its_family_and_its_index(command_id: bytes, index: int) -> None:
    """It is a UUID of version 8 and never the id that it was made of."""
    made = member(family_of(command_id), index)
    assert index_of(made) == index
    assert (UUID(bytes=made).version, UUID(bytes=made).variant) == (8, "specified in RFC 4122")
    assert made.startswith(family_of(command_id))
    assert made != command_id
    assert same_family(made, member(family_of(command_id), 0))


def test_other_ids_have_no_family() -> None:
    """Those that the engine makes count up, and a user's may: they are commands of their own all the same."""
    make = TimeOrderedIds().made_at(10**18)
    assert not same_family(make(), make())
    assert not same_family(UUID(int=1).bytes, UUID(int=2).bytes)
    assert not same_family(member(family_of(uuid4().bytes), 0), member(family_of(uuid4().bytes), 1))
