"""One look at the rows of a view: what it finds, and how little it does at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from actum import Event, Invalid, Row, View, project
from actum.kinds.catalogue import Catalogue
from actum.monitor import RowsRequest, looks
from actum.monitor.looks import LISTED_ROWS_MAX, SORTED_OFFSET_MAX, STEP_ROWS, Look, check_request
from actum.views.live_view import LiveView


class Sold(Event):
    """Something was sold."""

    number: int
    price: int | None


class Unsold(Event):
    """It came back."""

    number: int


class Sale(Row, key="number", indexes=["shop", ("price", "shop")]):
    """One sale."""

    number: int
    shop: int
    price: int | None
    note: Any = None


class Sales(View[Sale]):
    """All sales."""

    @project
    def sold(self, event: Sold) -> None:
        """One more, or another price."""
        self.put(Sale(number=event.number, shop=event.number % 7, price=event.price, note=[event.number]))

    @project
    def unsold(self, event: Unsold) -> None:
        """One less."""
        self.remove(event.number)


class Plain(Row, key="number"):
    """A row without an index."""

    number: int
    price: int


class Plains(View[Plain]):
    """The same without indexes."""

    @project
    def sold(self, event: Sold) -> None:
        """One more."""
        self.put(Plain(number=event.number, price=event.price or 0))


def prices(count: int) -> list[Event]:
    """So many sales, in no order of their prices."""
    return [Sold(number=number, price=number * 7919 % 10_007) for number in range(count)]


def live(view: type[View[Any]], events: list[Event]) -> LiveView:
    """A view at work."""
    (kind,) = Catalogue.build([view], services=None).views
    made = LiveView(kind.name, kind.view, kind.schema, kind.projections, kind.fingerprint)
    made.apply(1, events, list)
    made.build()
    assert made.broken is None
    return made


def looked(
    view: LiveView, matches: Callable[[Any], bool] | None = None, between: Callable[[], object] = int, **wanted: Any
) -> Look:
    """A look that has ended; something happens between any two steps."""
    look = Look(view, RowsRequest(view=view.name, **wanted), matches)
    for _ in look.steps():
        between()
    return look


def numbers(look: Look) -> list[int]:
    """The keys of what was found."""
    return [row.number for row in look.rows()]


class TestAtOnce:
    """What an index serves, and the order of the table."""

    def test_through_an_index(self) -> None:
        """In no step at all, from anywhere."""
        view = live(Sales, prices(3_000))
        ordered = sorted(view.table.rows.values(), key=lambda row: (row.price, row.shop, row.number))
        for offset in (0, 1, 700, 2_990, 3_000, 9_999):
            for descending in (False, True):
                look = looked(view, between=never, order="price", descending=descending, offset=offset, limit=20)
                rows = ordered[::-1] if descending else ordered
                assert look.rows() == rows[offset : offset + 20]
                assert (look.matched, look.looked_at, look.count, look.exact) == (3_000, 3_000, 3_000, True)

    def test_in_the_order_of_the_table(self) -> None:
        """From the nearer end."""
        view = live(Sales, [*prices(100), Unsold(number=3), Sold(number=3, price=1)])
        order = list(view.table.rows)
        for offset in range(0, 110, 9):
            assert numbers(looked(view, between=never, offset=offset, limit=20)) == order[offset : offset + 20]

    def test_an_empty_view(self) -> None:
        """Nothing is found, whatever was asked."""
        view = live(Sales, [])
        for wanted in ({}, {"order": "shop"}, {"order": "note", "descending": True}, {"offset": 5}):
            assert looked(view, **wanted).rows() == []
            assert looked(view, matches=bool, **wanted).complete


def never() -> None:
    """Between the steps of what has none."""
    raise AssertionError("it was not done at once")


class TestEveryRow:
    """Orders that no index serves, and filters."""

    @pytest.mark.parametrize("count", [1_000, LISTED_ROWS_MAX + 1_000], ids=["listed", "walked"])
    @pytest.mark.parametrize("view_class", [Sales, Plains])
    def test_filter_and_order(self, view_class: type[View[Any]], count: int) -> None:
        """As sorting and filtering a list."""
        view = live(view_class, prices(count))
        rows = list(view.table.rows.values())
        cheap = [row for row in rows if row.price < 5_000]

        for order in ("number", "price"):
            for descending in (False, True):
                found = looked(
                    view, lambda row: row.price < 5_000, order=order, descending=descending, offset=30, limit=40
                )
                ordered = sorted(cheap, key=lambda row: (getattr(row, order), row.number), reverse=descending)
                assert found.rows() == ordered[30:70]
                assert (found.matched, found.looked_at) == (len(cheap), count)
        found = looked(view, lambda row: row.price < 5_000, offset=30, limit=40)
        assert found.rows() == cheap[30:70]
        assert (found.matched, found.exact) == (len(cheap), True)

    def test_values_that_have_no_order(self) -> None:
        """Are ordered by their text."""
        view = live(Sales, prices(12))
        assert numbers(looked(view, order="note", limit=4)) == [0, 10, 11, 1]

    def test_so_far(self) -> None:
        """What was found can be asked at any time."""
        view = live(Plains, prices(10 * STEP_ROWS))
        seen: list[tuple[int, list[int]]] = []
        look = Look(view, RowsRequest(view="Plains", order="price", limit=3), None)
        for _ in look.steps():
            seen.append((look.looked_at, [row.price for row in look.rows()]))
            assert look.complete == (look.looked_at > look.count)
        assert [count for count, _ in seen] == [STEP_ROWS * number for number in range(1, 11)]
        values = [row.price for row in view.table.rows.values()]
        assert [prices for _, prices in seen] == [sorted(values[:count])[:3] for count, _ in seen]

    def test_a_page_far_behind(self) -> None:
        """As many rows are kept as there are up to the end of the page."""
        view = live(Plains, prices(9_000))
        look = looked(view, order="price", offset=SORTED_OFFSET_MAX, limit=500)
        ordered = sorted(view.table.rows.values(), key=lambda row: (row.price, row.number))
        assert look.rows() == ordered[SORTED_OFFSET_MAX : SORTED_OFFSET_MAX + 500]


@pytest.fixture(scope="module")
def sales() -> LiveView:
    """Many of them."""
    return live(Sales, prices(200_000))


class TestManyRows:
    """A view of 200,000 rows."""

    @pytest.mark.parametrize("order", [None, "note", "number"])
    def test_slices(self, sales: LiveView, order: str | None) -> None:
        """No step looks at more than a few rows, and no more rows are kept than the page needs."""
        look = Look(sales, RowsRequest(view="Sales", order=order, descending=True, offset=100), lambda row: True)
        at = 0
        for _ in look.steps():
            assert 0 < look.looked_at - at <= STEP_ROWS
            assert len(look._first) <= 150
            at = look.looked_at
        assert at == look.looked_at == look.matched == 200_000
        expected = sorted(sales.table.rows.values(), key=lambda row: str(row.note), reverse=True)
        if order == "note":
            assert look.rows() == expected[100:150]
        else:
            assert numbers(look) == (list(range(199_899, 199_849, -1)) if order else list(range(100, 150)))

    def test_rows_come_and_go_meanwhile(self, sales: LiveView) -> None:
        """Nothing raises; what stays is found."""
        position = iter(range(sales.position + 1, sales.position + 1_000_000))

        def between() -> None:
            number = next(position)
            if number % 3:
                sales.apply(number, [Sold(number=number, price=number)], list)
            else:
                sales.apply(number, [Unsold(number=number % 100_000 + 50)], list)

        for order in ("note", None):
            look = looked(sales, lambda row: row.number < 50, between, order=order, descending=True)
            assert sorted(numbers(look)) == list(range(50))
            assert not look.exact


def test_a_row_that_changes_and_one_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large view, rows are shown as they are at the end, in their order then; those that don't match have gone."""
    monkeypatch.setattr(looks, "LISTED_ROWS_MAX", 0)
    view = live(Plains, [Sold(number=number, price=number) for number in range(5)])
    position = iter(range(6, 100))
    monkeypatch.setattr(looks, "STEP_ROWS", 5)

    def between() -> None:
        view.apply(next(position), [Sold(number=1, price=50)], list)
        view.apply(next(position), [Sold(number=2, price=500)], list)

    look = looked(view, lambda row: row.price < 100, between, order="price", descending=True)

    assert [(row.number, row.price) for row in look.rows()] == [(1, 50), (4, 4), (3, 3), (0, 0)]
    assert (look.matched, look.exact) == (5, False)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"order": "colour"}, "there is no field 'colour' to order by: Sales has number, shop, price, note"),
        ({"order": "[@click=app.quit]"}, "there is no field '[@click=app.quit]' to order by"),
        ({"limit": 0}, "limit=0: a page has 1 to 500 rows"),
        ({"limit": 501}, "limit=501"),
        ({"offset": -1}, "offset=-1: give 0 or more"),
    ],
)
def test_what_is_refused(wanted: dict[str, Any], message: str) -> None:
    """With what is allowed."""
    view = live(Sales, [])
    with pytest.raises(Invalid) as refused:
        check_request(RowsRequest(view="Sales", **wanted), view.table.schema)
    assert message in str(refused.value)


class TestFarPages:
    """Pages that begin far from both ends."""

    @pytest.fixture
    def view(self) -> LiveView:
        """Rows enough."""
        return live(Plains, prices(3 * SORTED_OFFSET_MAX))

    def test_from_the_other_end(self, view: LiveView) -> None:
        """Where every row is looked at, and matches, the last pages are as near as the first."""
        for descending in (False, True):
            ordered = sorted(view.table.rows.values(), key=lambda row: (row.price, row.number), reverse=descending)
            for offset in (len(ordered) - SORTED_OFFSET_MAX - 50, len(ordered) - 51, len(ordered) - 7, len(ordered)):
                look = looked(view, order="price", descending=descending, offset=offset)
                assert look.rows() == ordered[offset : offset + 50]
                assert len(look._first) <= SORTED_OFFSET_MAX + 50
        assert looked(view, order="price", offset=10**9).rows() == []

    @pytest.mark.parametrize("matches", [None, bool], ids=["all", "filtered"])
    def test_in_the_middle(self, view: LiveView, matches: Callable[[Any], bool] | None) -> None:
        """It is refused, but for who takes what it costs; as is one at the end of what a filter leaves."""
        request = RowsRequest(view="Plains", order="price", offset=SORTED_OFFSET_MAX + 51, limit=1)
        with pytest.raises(Invalid, match=r"offset=2051: at most 2,000 from either end .* Filter for less"):
            Look(view, request, matches)
        look = Look(view, request, matches, bounded=False)
        assert all(step is None for step in look.steps())
        ordered = sorted(view.table.rows.values(), key=lambda row: (row.price, row.number))
        assert look.rows() == ordered[SORTED_OFFSET_MAX + 51 :][:1]

    def test_without_an_order(self, view: LiveView) -> None:
        """Nothing is kept for a page that is far behind."""
        look = looked(view, bool, offset=2 * SORTED_OFFSET_MAX)
        assert look.rows() == list(view.table.rows.values())[2 * SORTED_OFFSET_MAX :][:50]
