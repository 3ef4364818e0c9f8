"""The window: ids found, forgotten and put in again, against a plain list."""

from __future__ import annotations

from actum.window import CommandWindow
from hypothesis import given
from hypothesis import strategies as st

#: Few different bytes, so that an id also occurs across two entries.
IDS = st.lists(st.sampled_from([0, 1]), min_size=16, max_size=16).map(bytes)


def test_it_begins_with_what_was_found() -> None:
    """What a stream tells is numbered 0, -1, -2 ... from the newest."""
    window = CommandWindow.of({b"a" * 16: 5, b"b" * 16: 9})
    assert [window.find(letter * 16) for letter in (b"a", b"b", b"c")] == [(5, -1), (9, 0), None]
    assert repr(window) == "<CommandWindow 2>"


@given(st.lists(IDS, max_size=30), st.integers(1, 5))
def test_it_holds_the_last_ones(ids: list[bytes], size_max: int) -> None:
    """After any commands, the last different ones are found, with their own position and number, and no other."""
    window = CommandWindow.of({})
    expected: dict[bytes, tuple[int, int]] = {}
    for number, command_id in enumerate(ids, 1):
        window.add(command_id, 10 * number, number, size_max)
        expected.pop(command_id, None)
        expected[command_id] = (10 * number, number)
        if len(expected) > size_max:
            del expected[next(iter(expected))]
        assert {each: window.find(each) for each in ids if window.find(each) is not None} == expected
    assert len(window) == len(expected)
