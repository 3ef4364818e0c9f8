"""Going back over the last events without a fold from the start."""

from __future__ import annotations

from typing import Any

import pytest
from actum import Event, Row, View, past_trail, project
from actum.kinds.catalogue import Catalogue
from actum.past_trail import Trail
from actum.views.live_view import LiveView


class Said(Event):
    """Somebody said something."""

    name: str
    words: str


class Word(Row, key="name", indexes=["words"]):
    """The last words of somebody."""

    name: str
    words: str


class Words(View[Word]):
    """The last words of everybody."""

    @project
    def said(self, event: Said) -> None:
        """What was said; some words do more."""
        if event.words == "nothing":
            self.remove(event.name)
        elif event.words == "everybody":
            for name in "abcdef":
                self.put(Word(name=name, words="together"))
        elif event.words == "aside":
            View.put(self, Word(name=event.name, words="aside"))
        elif event.words == "badly":
            self.put(Word(name=event.name, words="half"))
            raise LookupError
        else:
            self.put(Word(name=event.name, words=event.words))


def begun() -> tuple[LiveView, Trail]:
    """A view, and its trail from the start."""
    (kind,) = Catalogue.build([Words], services=None).views
    live = LiveView(kind.name, kind.view, kind.schema, kind.projections, kind.fingerprint)
    live.build()
    return live, Trail(live, lambda row: row.name)


def follow(live: LiveView, trail: Trail, said: str) -> list[dict[str, str]]:
    """Apply events such as `a:hello`; the rows after each, and before the first."""
    seen = [words(live)]
    for position, one in enumerate(said.split(), live.position + 1):
        name, _, spoken = one.partition(":")
        trail.apply(position, [Said(name=name, words=spoken)], list)
        seen.append(words(live))
    return seen


def words(live: LiveView) -> dict[str, str]:
    """The rows."""
    return {row.name: row.words for row in live.table.rows.values()}


def test_back_and_forth() -> None:
    """Rows, their order and their indexes are what they were at each position."""
    live, trail = begun()
    said = "a:one b:two a:three c: x:everybody a:four"
    seen = follow(live, trail, said)
    assert trail.start == 0
    for position in (6, 5, 3, 3, 2, 0):
        trail.back(position)
        assert (live.position, words(live)) == (position, seen[position])
        assert list(words(live)) == list(seen[position])
        assert [row.words for row in live.table.order_by("words")] == sorted(seen[position].values())
    assert follow(live, trail, said) == seen


@pytest.mark.parametrize("barrier", ["a:nothing", "b:aside"])
def test_what_it_can_not_go_back_over(barrier: str) -> None:
    """Removed rows would come back in another place; and what does not go through `put` is not known."""
    live, trail = begun()
    seen = follow(live, trail, f"a:one b:two {barrier} c:three d:four")
    assert trail.start == 3
    trail.back(3)
    assert words(live) == seen[3]
    with pytest.raises(AssertionError, match="does not lead there"):
        trail.back(2)


def test_removing_what_is_not_there() -> None:
    """Nothing has changed, so nothing is in the way."""
    live, trail = begun()
    follow(live, trail, "a:one z:nothing b:two")
    trail.back(0)
    assert words(live) == {}


def test_few_rows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first, and with them the events that changed them."""
    monkeypatch.setattr(past_trail, "TRAIL_ROWS_MAX", 8)
    live, trail = begun()
    seen = follow(live, trail, "a:one b:two x:everybody c:three d:four")
    assert trail.start == 2
    trail.back(2)
    assert words(live) == seen[2]
    follow(live, trail, "x:everybody x:everybody")
    assert trail.start == 3


def test_a_view_that_breaks() -> None:
    """It stays where it broke, and its own `put` is there again."""
    live, trail = begun()
    follow(live, trail, "a:one b:badly c:three")
    assert live.broken is not None
    assert live.position == 1
    put: Any = live.view.put
    assert put == live.table.put


def test_events_that_are_in_already() -> None:
    """They are skipped, as a view skips them."""
    live, trail = begun()
    follow(live, trail, "a:one b:two")
    trail.apply(1, [Said(name="a", words="one"), Said(name="b", words="two"), Said(name="c", words="three")], list)
    assert words(live) == {"a": "one", "b": "two", "c": "three"}
    trail.back(1)
    assert words(live) == {"a": "one"}
