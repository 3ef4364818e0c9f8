"""The last changes of a view."""

from __future__ import annotations

from actum.watching.recent import RecentChanges


def test_what_changed_since() -> None:
    """As one change, the newest row of each key; nothing after the last one."""
    recent = RecentChanges(3, rows_max=10)
    assert (recent.base, recent.newest, len(recent)) == (3, 3, 0)
    recent.add(5, {"a": 1, "b": 1})
    recent.add(8, {"b": None})
    assert recent.since(3) == {"a": 1, "b": None}
    assert recent.since(5) == recent.since(7) == {"b": None}
    assert recent.since(8) == recent.since(9) == {}
    assert recent.since(2) is None
    assert repr(recent) == "<RecentChanges @3..8 3 rows>"


def test_the_oldest_are_forgotten() -> None:
    """As soon as there are more rows than allowed; what one commit changed is forgotten as a whole."""
    recent = RecentChanges(0, rows_max=3)
    for position in range(1, 5):
        recent.add(position, {position: position, "all": position})
    assert (recent.base, recent.newest, len(recent)) == (3, 4, 2)
    assert recent.since(2) is None
    assert recent.since(3) == {4: 4, "all": 4}
    recent.add(5, dict.fromkeys(range(4)))
    assert (recent.base, len(recent)) == (5, 0)
    assert recent.since(5) == {}


def test_beginning_again() -> None:
    """Nothing from before is known."""
    recent = RecentChanges(0, rows_max=3)
    recent.add(1, {1: 1})
    recent.restart(2)
    assert recent.since(1) is None
    assert recent.since(2) == {}
