"""Pages and cursors: round trips through every kind of field, keyset paging, and cursors that are refused."""

import base64
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from uuid import UUID

import msgspec
import pytest
from actum.errors import Invalid
from actum.messages import Row
from actum.views.page import PAGE_ROWS_MAX, CursorCodec, Page
from actum.views.table import Table
from actum.views.table_schema import TableSchema, read_fields


class Shade(str, Enum):  # noqa: UP042  # the old manner is still common
    """An enumeration of str in the old manner."""

    DARK = "dark"
    LIGHT = "light"


class Status(StrEnum):
    """An enumeration of str."""

    OPEN = "open"


class Everything(Row):
    """A row with a field of each kind that an ordered index takes."""

    row_id: UUID
    whole: int = 7
    real: float = 1.5
    text: str = "déjà vu"
    raw: bytes = b"\x00\xff"
    flag: bool = True
    instant: datetime = datetime(2024, 2, 29, 12, 30, 1, 999_999, tzinfo=UTC)
    local: datetime = datetime(2024, 2, 29, 12, 30)  # noqa: DTZ001  # rows may hold naive ones
    day: date = date(2024, 2, 29)
    clock: time = time(23, 59, 59, 1)
    length: timedelta = timedelta(days=-3, microseconds=1)
    exact: Decimal = Decimal("10.10")
    other: UUID = UUID(int=5)
    shade: Shade = Shade.LIGHT
    status: Status | None = Status.OPEN


FIELDS = read_fields(Everything)


class Item(Row):
    """A small row."""

    item_id: int
    rank: int = 0
    colour: str | None = None
    weight: float = 0.0


ITEMS = TableSchema(row_type=Item, key="item_id", indexes=(("rank",), ("colour", "rank"), ("weight",)))


def items(count: int, *, page_rows_max: int = PAGE_ROWS_MAX) -> Table[Item]:
    """A writable table; ranks come in fives, colours in threes."""
    table: Table[Item] = Table(ITEMS, page_rows_max=page_rows_max)
    colours = (None, "blue", "red")
    table.restore(
        [Item(item_id=key, rank=key // 5, colour=colours[key % 3], weight=-float(key)) for key in range(count)]
    )
    table.build()
    table.writable = True
    return table


def forged(index: object, values: object) -> str:
    """An ascending cursor of one's own making."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode((index, False, values))).decode()


class TestCursors:
    """What a cursor says and what it must not."""

    @pytest.mark.parametrize("name", [name for name in FIELDS if name != "row_id"])
    def test_every_kind_of_field_round_trips(self, name: str) -> None:
        """A cursor gives back equal values of the same types."""
        codec = CursorCodec((FIELDS[name],), FIELDS["row_id"])
        row = Everything(row_id=UUID(int=1))
        values = (getattr(row, name), row.row_id)

        decoded = codec.decode(codec.encode(values, descending=True), descending=True)
        assert decoded == values
        assert list(map(type, decoded)) == list(map(type, values))

    def test_several_fields_and_none(self) -> None:
        """All fields of an index are in it, an absent value too."""
        codec = CursorCodec((FIELDS["status"], FIELDS["real"]), FIELDS["row_id"])
        values = (None, float("-inf"), UUID(int=1))

        assert codec.decode(codec.encode(values, descending=False), descending=False) == values

    def test_it_is_text_for_a_url(self) -> None:
        """Letters, digits and four signs that URLs let pass."""
        codec = CursorCodec((FIELDS["raw"],), FIELDS["row_id"])
        text = codec.encode((bytes(range(256)), UUID(int=1)), descending=False)

        assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")

    @pytest.mark.parametrize(
        "cursor",
        [
            *("", "?", "é", "AAAA", "AAA", b"AAAA\xff", 7, []),
            *(forged("rank", [0, 1]), forged(["rank"], 1), forged(["rank"], [1]), forged(["rank"], ["x", 1])),
            *(forged(["rank"], [1, 2, 3]), forged(["rank"], [None, 1]), forged(["rank"], {})),
            base64.urlsafe_b64encode(b"\x93\x91\xa4rank\xc2" + b"\x91" * 200_000).decode(),
        ],
    )
    def test_garbage_is_refused(self, cursor: str) -> None:
        """Whatever is not a cursor, or not one with the types of the index, gets one clear sentence."""
        with pytest.raises(
            Invalid, match=r"cursor=.* was not made by page\(\): give back Page.cursor as it is, or None"
        ):
            items(3).page("rank", limit=1, cursor=cursor)

    def test_another_index_or_direction_is_refused(self) -> None:
        """The message names what the cursor is for and what it was used for."""
        table = items(9)
        cursor = table.page("rank", limit=1).cursor

        with pytest.raises(Invalid, match="belongs to index 'rank' ascending, not to index 'rank' descending: ask"):
            table.page("rank", limit=1, cursor=cursor, descending=True)
        with pytest.raises(Invalid, match=r"index 'rank' ascending, not to index \('colour', 'rank'\) ascending"):
            table.page(("colour", "rank"), limit=1, cursor=cursor)

    def test_forged_values_are_refused(self) -> None:
        """A NaN has no place, and neither has an instant of the other kind."""
        with pytest.raises(Invalid, match="holds a NaN"):
            items(3).page("weight", limit=1, cursor=forged(["weight"], [float("nan"), 1]))

        schema = TableSchema(row_type=Everything, key="row_id", indexes=(("instant",),))
        table: Table[Everything] = Table(schema)
        table.restore([Everything(row_id=UUID(int=1))])
        naive = forged(["instant"], [datetime(2024, 1, 1), UUID(int=1)])  # noqa: DTZ001  # the fault
        with pytest.raises(Invalid, match="doesn't fit the rows"):
            table.page("instant", limit=1, cursor=naive)


class TestPages:
    """Walking through rows."""

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("limit", [1, 4, 25, 50])
    @pytest.mark.parametrize("where", [None, {"colour": "red"}, {"colour": None}, {"weight": -7.0}])
    def test_pages_are_the_order_in_pieces(
        self, limit: int, where: dict[str, object] | None, *, descending: bool
    ) -> None:
        """Page after page gives every row once, as order_by does, each page full but the last."""
        table = items(25)
        for index in ("rank", ("colour", "rank")):
            pages: list[Page[Item]] = []
            cursor: str | None = None
            while not pages or cursor is not None:
                pages.append(table.page(index, limit=limit, cursor=cursor, descending=descending, where=where))
                cursor = pages[-1].cursor

            rows = [row for page in pages for row in page.rows]
            assert rows == table.order_by(index, descending=descending, where=where)
            assert all(len(page.rows) == limit for page in pages[:-1])

    def test_a_full_last_page_has_no_cursor(self) -> None:
        """One never has to fetch an empty page to know that there are no more."""
        assert items(4).page("rank", limit=4).cursor is None
        assert items(4).page("rank", limit=3).cursor is not None
        assert items(0).page("rank", limit=3) == Page(rows=[])

    @pytest.mark.parametrize("descending", [False, True])
    def test_rows_that_come_and_go(self, *, descending: bool) -> None:
        """The next page begins behind the last row even if that is gone or moved, and sees what is new behind it."""
        table = items(10)
        first = table.page("rank", limit=4, descending=descending)
        last = first.rows[-1].item_id
        table.remove(last)
        table.put(Item(item_id=100, rank=1, colour="new"))
        table.put(Item(item_id=-1, rank=0))
        second = table.page("rank", limit=20, cursor=first.cursor, descending=descending)

        expected = {False: [4, 5, 6, 7, 8, 9, 100], True: [5, 4, 3, 2, 1, 0, -1]}[descending]
        assert [row.item_id for row in second.rows] == expected

    def test_a_cursor_before_the_range(self) -> None:
        """With another where, a cursor that lies outside its range doesn't widen it."""
        table = items(25)
        index = ("colour", "rank")
        cursor = table.page(index, limit=1, where={"colour": None}).cursor
        downward = table.page(index, limit=1, where={"colour": "red"}, descending=True).cursor

        assert table.page(index, limit=25, cursor=cursor, where={"colour": "red"}).rows == table.where(colour="red")
        backward = table.page(index, limit=25, cursor=downward, where={"colour": "blue"}, descending=True)
        assert backward.rows == table.where(colour="blue")[::-1]
        assert table.page(index, limit=25, cursor=downward, where={"colour": None}, descending=True).cursor is None

    @pytest.mark.parametrize("limit", [0, 1001, "1"])
    def test_limits_are_bounded(self, limit: int) -> None:
        """A page has at least one row and at most page_rows_max."""
        with pytest.raises(Invalid, match=rf"limit={limit!r} must be a whole number, at least 1 and at most 1000"):
            items(3).page("rank", limit=limit)
        with pytest.raises(Invalid, match=r"at most 2$"):
            items(3, page_rows_max=2).page("rank", limit=3)

    def test_unknown_fields_are_refused(self) -> None:
        """In the index and in where."""
        with pytest.raises(Invalid, match="no ordered index 'colour'; declared: 'rank'"):
            items(3).page("colour", limit=1)
        with pytest.raises(Invalid, match="no field 'size'"):
            items(3).page("rank", limit=1, where={"size": 1})
