"""What is marked in a table because it has just changed."""

from __future__ import annotations

from typing import Any

from actum.monitor import Column, RowsPage, RowsRequest
from actum_tui.top.flashes import FLASH_SECONDS, Flash, Flashes, flashes, is_whole, row_key
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = (Column("id", "str"), Column("balance", "int", numeric=True), Column("tags", "list[str]"))
REQUEST = RowsRequest(view="Balances")


def page(position: int, *rows: tuple[Any, ...], **changes: Any) -> RowsPage:
    """A page of a view with these rows, all of them unless it is said otherwise."""
    values: dict[str, Any] = {
        "view": "Balances",
        "position": position,
        "key": "id",
        "columns": COLUMNS,
        "rows": rows,
        "offset": 0,
        "count": len(rows),
        "matched": len(rows),
        "looked_at": len(rows),
    }
    return RowsPage(**{**values, **changes})


class TestFlashes:
    """Two pages."""

    def test_cells_that_changed_and_rows_that_are_new(self) -> None:
        """By the key, wherever the row stands now; what is gone has no mark."""
        before = page(1, ("ann", 5, []), ("bob", 7, ["x"]), ("eve", 1, []))
        after = page(2, ("bob", 8, ["x", "y"]), ("ann", 5, []), ("dan", 1, []))

        assert flashes(before, after) == {
            '"bob"': Flash("~", frozenset({"balance", "tags"})),
            '"dan"': Flash("+"),
        }

    def test_a_row_that_comes_onto_a_page_may_not_be_new(self) -> None:
        """With more rows than the page shows, or while they are being looked at, nobody knows."""
        after = page(2, ("dan", 1, []))

        assert flashes(page(1, matched=9, count=9), after) == {'"dan"': Flash(">")}
        assert flashes(page(1, count=9, looked_at=3), after) == {'"dan"': Flash(">")}

    def test_nothing_happened_in_between(self) -> None:
        """At the same position there is nothing to mark, nor between pages that can't be compared."""
        before = page(1, ("ann", 5, []))

        assert flashes(before, page(1, ("ann", 6, []))) == {}
        assert flashes(before, page(2, ("ann", 6), columns=COLUMNS[:2])) == {}
        assert flashes(before, page(2, ("ann", 6, []), view="Others")) == {}

    def test_keys_of_any_type(self) -> None:
        """1 and "1" are two rows; so are keys of several parts."""
        rows = page(1, ("1", 0, []), (1, 0, []), (["a", 1], 0, []))

        assert len({row_key(rows, row) for row in rows.rows}) == 3
        assert is_whole(rows)

    @given(
        st.dictionaries(st.text("ab", max_size=2), st.integers(0, 3)),
        st.dictionaries(st.text("ab", max_size=2), st.integers(0, 3)),
    )
    def test_every_row_that_differs_is_marked_and_no_other(self, before: dict[str, int], after: dict[str, int]) -> None:
        """Whatever the rows are."""
        found = flashes(
            page(1, *((key, value, []) for key, value in before.items())),
            page(2, *((key, value, []) for key, value in after.items())),
        )

        assert set(found) == {f'"{key}"' for key, value in after.items() if before.get(key) != value}


def settled(first: RowsPage) -> Flashes:
    """Marks of a question that was asked a while ago."""
    marks = Flashes()
    marks.see(REQUEST, first, 0.0)
    marks.see(REQUEST, first, 0.5)
    return marks


class TestMemory:
    """Marks stay for a moment."""

    def test_a_mark_is_seen_for_a_moment(self) -> None:
        """Also when the next page has no change."""
        marks = settled(page(1, ("ann", 5, [])))

        assert marks.see(REQUEST, page(2, ("ann", 6, [])), 1.0)
        assert marks.see(REQUEST, page(3, ("ann", 6, [])), 1.0 + FLASH_SECONDS / 2)
        assert not marks.at(1.0 + FLASH_SECONDS)

    def test_a_new_row_that_changes_is_new_still(self) -> None:
        """For as long as the mark would have been seen; and a second column joins the first."""
        marks = settled(page(1, ("bob", 1, [])))
        marks.see(REQUEST, page(2, ("bob", 2, []), ("ann", 5, [])), 1.0)
        shown = marks.see(REQUEST, page(3, ("bob", 2, ["x"]), ("ann", 6, [])), 2.0)

        assert shown['"ann"'] == Flash("+", frozenset({"balance"}))
        assert shown['"bob"'] == Flash("~", frozenset({"balance", "tags"}))
        assert marks.see(REQUEST, page(4, ("bob", 3, ["x"]), ("ann", 7, [])), 9.0)['"ann"'].sign == "~"

    def test_another_question_has_no_marks(self) -> None:
        """What stands on another page has not changed by being looked at; its first answer may be of the one before."""
        marks = settled(page(1, ("ann", 5, [])))
        other = RowsRequest(view="Balances", offset=50)

        assert not marks.see(other, page(2, ("ann", 6, [])), 1.0)
        assert not marks.see(other, page(3, ("bob", 5, [])), 2.0)
        assert marks.see(other, page(4, ("bob", 6, [])), 3.0)

    def test_more_room_is_no_other_question(self) -> None:
        """What happens while a table becomes higher is marked; what there was no room for before is not."""
        marks = settled(page(1, ("ann", 5, []), count=9, matched=9, looked_at=9))
        higher = page(2, ("ann", 6, []), ("bob", 5, []), count=9, matched=9, looked_at=9)

        assert marks.see(RowsRequest(view="Balances", limit=70), higher, 1.0) == {
            '"ann"': Flash("~", frozenset({"balance"}))
        }

    def test_positions_of_the_past_are_compared(self) -> None:
        """What a step has changed stays marked until the next one."""
        marks = Flashes()
        marks.see(RowsRequest(view="Balances", position=7), page(7, ("ann", 5, []), ("bob", 1, [])), 0.0)

        stepped = marks.see(RowsRequest(view="Balances", position=6), page(6, ("ann", 4, []), ("bob", 1, [])), 1.0)
        assert stepped == {'"ann"': Flash("~", frozenset({"balance"}))} == marks.at(1_000.0)
        assert marks.see(RowsRequest(view="Balances", position=5), page(5, ("ann", 4, []), ("bob", 2, [])), 2.0) == {
            '"bob"': Flash("~", frozenset({"balance"}))
        }
        assert not marks.see(REQUEST, page(9, ("ann", 9, [])), 3.0)
