"""What has changed from one state to the next."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from actum_tui.top.difference import LEAVES_MAX, Line, Old, Run, compared, path_text, same
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text("ab.(0", max_size=2),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text("ab.0", max_size=2), inner, max_size=6),
    max_leaves=12,
)
STATES = st.dictionaries(st.text("abc", min_size=1, max_size=2), JSON, max_size=5)


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The lines with a mark, as text."""
    return [
        f"{line.mark} {path_text(line.path)} {line.value!r}" + (f" was {line.old!r}" if line.mark == "~" else "")
        for line in compared(before, after)
        if line.mark
    ]


def rebuilt(lines: list[tuple[tuple[Any, ...], Any]]) -> Any:
    """What paths and values are the leaves of."""
    (path, value), *more = lines
    if not path and not more:
        return value
    groups = [(place, [(path[1:], value) for path, value in group]) for place, group in groupby(lines, key=first_place)]
    if all(isinstance(place, str) or (isinstance(place, Run) and isinstance(place.first, str)) for place, _ in groups):
        fields: dict[str, Any] = {}
        for place, inner in groups:
            fields.update(inner[0][1] if isinstance(place, Run) else {place: rebuilt(inner)})
        return fields
    items: list[Any] = []
    for place, inner in groups:
        items += inner[0][1] if isinstance(place, Run) else [rebuilt(inner)]
    return items


def first_place(line: tuple[tuple[Any, ...], Any]) -> Any:
    """The first step of a path."""
    return line[0][0]


def state_of(lines: list[tuple[tuple[Any, ...], Any]]) -> Any:
    """The same, where there may be none."""
    return rebuilt(lines) if lines else {}


class TestCompared:
    """Two states, line by line."""

    @given(STATES, STATES)
    def test_both_states_can_be_read_off_the_lines(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """The new one without what is gone; the old one without what is new, each with its old value."""
        lines = compared(before, after)

        new = state_of([(line.path, line.value) for line in lines if line.mark != "-"])
        old = state_of(
            [(line.path, line.old if line.mark == "~" else line.value) for line in lines if line.mark != "+"]
        )

        assert same(new, after)
        assert same(old, before)

    @given(STATES)
    def test_the_same_state_has_no_marks(self, state: dict[str, Any]) -> None:
        """Whatever is in it."""
        assert changed(state, state) == []

    @given(STATES, STATES)
    def test_a_marked_value_is_really_another(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """No line says that something changed that did not, and none hides that something did."""
        lines = compared(before, after)

        assert all(not same(line.value, line.old) for line in lines if line.mark == "~")
        assert any(line.mark for line in lines) != same(before, after)

    def test_fields_in_fields(self) -> None:
        """Only what has changed in them is marked."""
        before = {"id": "o", "lines": [{"product": "tea", "count": 1}], "paid": False}
        after = {"id": "o", "lines": [{"product": "tea", "count": 3}, {"product": "cup", "count": 1}], "paid": True}

        assert changed(before, after) == [
            "~ lines.0.count 3 was 1",
            "+ lines.1.product 'cup'",
            "+ lines.1.count 1",
            "~ paid True was False",
        ]

    def test_items_that_leave_a_list(self) -> None:
        """What stands behind them has not changed; their places are those of before."""
        assert changed({"queue": ["a", "b", "c"]}, {"queue": ["b", "c"]}) == ["- queue.(0) 'a'"]
        assert changed({"queue": ["a", "b", "c"]}, {"queue": ["a", "x"]}) == [
            "~ queue.1 'x' was 'b'",
            "- queue.(2) 'c'",
        ]

    def test_what_is_another_type_is_another_value(self) -> None:
        """Python takes `True` for 1; a reader doesn't."""
        assert changed({"a": [1, {"b": 1}]}, {"a": [True, {"b": 1.0}]}) == ["~ a.0 True was 1", "~ a.1.b 1.0 was 1"]
        assert changed({"a": {"b": 1}}, {"a": []}) == ["~ a [] was {'b': 1}"]
        assert changed({"a": float("nan")}, {"a": float("nan")}) == []

    def test_what_is_large_and_unchanged_stands_in_one_line(self) -> None:
        """Of a hundred thousand items, those around the changed one are two lines."""
        before = {"all": list(range(100_000)), "other": {str(number): number for number in range(20)}}
        after = {**before, "all": [*range(50_000), -1, *range(50_001, 100_000)]}

        assert [(line.path, line.mark) for line in compared(before, after)] == [
            (("all", Run(0, 49_999, 50_000)), ""),
            (("all", 50_000), "~"),
            (("all", Run(50_001, 99_999, 49_999)), ""),
            (("other",), ""),
        ]

    def test_what_is_small_is_unfolded(self) -> None:
        """So that each value has its own line; what is empty stays what it is."""
        small = {str(number): number for number in range(LEAVES_MAX)}

        assert len(compared({}, {"a": small})) == LEAVES_MAX
        assert compared({}, {"a": {**small, "more": 1}}) == [Line(("a",), "+", {**small, "more": 1})]
        assert compared({"a": {}}, {"a": {}}) == [Line(("a",), "", {})]


def test_paths_are_words() -> None:
    """Names and places with dots between; runs, and places of before, can be told apart."""
    assert path_text(("a", 0, Run(1, 5, 5))) == "a.0.1...5"
    assert path_text(("a", Old(2), "b")) == "a.(2).b"
