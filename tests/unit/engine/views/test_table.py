"""The table: writing, checkpoints, equality, order, and what it refuses."""

import gc
import weakref
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from actum.errors import Invalid, WriteOutsideProjection
from actum.messages import Row, Value
from actum.views.table import Table, TableStatistics
from actum.views.table_reader import PLANS_MAX
from actum.views.table_schema import TableSchema


class Status(StrEnum):
    """What can become of an order."""

    OPEN = "open"
    SHIPPED = "shipped"


class Order(Row):
    """A row with one field of each manner."""

    order_id: str
    customer_id: str = "c1"
    status: Status = Status.OPEN
    total: int = 0
    created_at: datetime | None = None
    lines: list[str] = []  # msgspec copies it


class Price(Row):
    """A row whose indexed fields can be NaN."""

    product_id: str
    amount: float = 0.0
    exact: Decimal | None = None


ORDERS = TableSchema(
    row_type=Order,
    key="order_id",
    indexes=(("total",), ("customer_id", "total"), ("created_at",)),
    hash_indexes=(("customer_id",), ("customer_id", "status")),
)
PRICES = TableSchema(row_type=Price, key="product_id", indexes=(("amount",),), hash_indexes=(("exact",),))


def orders(*rows: Order, index_pending_max: int = 256) -> Table[Order]:
    """A writable table with these rows and built indexes."""
    table: Table[Order] = Table(ORDERS, index_pending_max=index_pending_max)
    table.restore(rows)
    table.build()
    table.writable = True
    return table


def ids(rows: list[Order]) -> list[str]:
    """The keys of some rows."""
    return [row.order_id for row in rows]


SAMPLE = (
    Order(order_id="o1", customer_id="c1", total=30),
    Order(order_id="o2", customer_id="c2", total=10, status=Status.SHIPPED),
    Order(order_id="o3", customer_id="c1", total=20, created_at=datetime(2024, 1, 2, tzinfo=UTC)),
    Order(
        order_id="o4", customer_id="c1", total=20, status=Status.SHIPPED, created_at=datetime(2024, 1, 1, tzinfo=UTC)
    ),
)


class TestWriting:
    """put and remove."""

    def test_put_inserts_and_replaces(self) -> None:
        """The last row put under a key is the one that is there, and it is dirty."""
        table = orders()
        table.put(Order(order_id="o1"))
        latest = Order(order_id="o1", total=5)
        table.put(latest)

        assert table.rows == {"o1": latest}
        assert table.dirty == {"o1": latest}
        assert len(table) == 1

    @pytest.mark.parametrize("schema", [ORDERS, TableSchema(row_type=Order, key="order_id")], ids=["indexes", "plain"])
    def test_a_table_that_nobody_holds_is_gone(self, schema: TableSchema) -> None:
        """It is in no cycle: a rebuild drops a view of millions of rows, which a frozen collector would never find."""

        class Key(str):
            """One whose end can be seen."""

            __slots__ = ("__weakref__",)

        table: Table[Order] = Table(schema)
        table.writable = True
        key = Key("o1")
        table.put(Order(order_id=key))
        table.build()
        left = weakref.ref(key)
        gc.disable()
        try:
            del table, key
            assert left() is None
        finally:
            gc.enable()

    def test_remove_says_whether_it_was_there(self) -> None:
        """Removing gives True once and leaves a None among the dirty rows."""
        table = orders(Order(order_id="o1"))

        assert table.remove("o1")
        assert not table.remove("o1")
        assert table.rows == {}
        assert table.dirty == {"o1": None}

    def test_remove_before_build(self) -> None:
        """Without built indexes a removal notes nothing."""
        table: Table[Order] = Table(ORDERS)
        table.writable = True
        table.put(Order(order_id="o1"))

        assert table.remove("o1")
        assert table.statistics().pending_rows == 0

    def test_writes_outside_a_projection_are_refused(self) -> None:
        """A table that isn't writable names the method, the row type and the way to change a view."""
        table: Table[Order] = Table(ORDERS)

        with pytest.raises(
            WriteOutsideProjection, match=r"put\(\) on the rows of Order outside @project: send a command"
        ):
            table.put(Order(order_id="o1"))
        with pytest.raises(WriteOutsideProjection, match=r"remove\(\) on the rows of Order"):
            table.remove("o1")
        assert table.rows == {}

    def test_rows_of_another_type_are_refused(self) -> None:
        """The message names what was wanted and what came."""
        table = orders()

        with pytest.raises(Invalid, match=r"put\(\) takes a Order, not a Price"):
            table.put(Price(product_id="p"))  # type: ignore[arg-type]  # the fault under test

    @pytest.mark.parametrize(
        "row", [Price(product_id="p", amount=float("nan")), Price(product_id="p", exact=Decimal("sNaN"))]
    )
    def test_nan_is_refused_at_once(self, row: Price) -> None:
        """A NaN in an indexed field is refused by put, so the projection that made it is the one that fails."""
        table: Table[Price] = Table(PRICES)
        table.writable = True
        table.put(Price(product_id="p", amount=float("inf")))

        with pytest.raises(Invalid, match=r"Price: (amount|exact) is NaN, which no index can hold"):
            table.put(row)
        assert table.rows["p"].amount == float("inf")

    def test_a_faulty_schema_is_refused(self) -> None:
        """A table can't be made of a declaration with faults; all of them are named."""
        with pytest.raises(Invalid, match=r"'nothing' is not a field.*'lines' is list\[str\]"):
            Table(TableSchema(row_type=Order, key="nothing", indexes=(("lines",),)))


class TestPending:
    """How indexes follow."""

    def test_many_changes_of_a_row_are_one_note(self) -> None:
        """The row as the index last saw it is noted once, and gone after the next read."""
        table = orders(*SAMPLE)
        for total in range(100):
            table.put(Order(order_id="o1", total=total))

        assert table.statistics().pending_rows == 1
        assert ids(table.order_by("total", descending=True)) == ["o1", "o4", "o3", "o2"]
        assert table.statistics().pending_rows == 0

    def test_notes_are_bounded(self) -> None:
        """Reaching the bound applies the notes, be it by put or by remove."""
        table = orders(index_pending_max=4)
        for number in range(7):
            table.put(Order(order_id=f"o{number}"))

        assert table.statistics() == TableStatistics(
            rows=7, dirty_rows=7, pending_rows=3, ordered_entries=12, hash_values=2
        )
        table.remove("o0")
        assert table.statistics().pending_rows == 0
        assert table.statistics().ordered_entries == 18

    def test_a_row_put_and_removed_between_reads_leaves_no_trace(self) -> None:
        """Insertions that don't survive until the next read never reach an index."""
        table = orders(*SAMPLE)
        table.put(Order(order_id="o9"))
        table.remove("o9")

        assert ids(table.order_by("total")) == ["o2", "o3", "o4", "o1"]

    def test_reads_build_the_indexes_if_need_be(self) -> None:
        """A projection that reads an index during a replay, before build, gets right answers."""
        table: Table[Order] = Table(ORDERS)
        table.writable = True
        table.put(SAMPLE[0])
        assert ids(table.where(customer_id="c1")) == ["o1"]
        table.put(SAMPLE[2])
        assert ids(table.where(customer_id="c1")) == ["o1", "o3"]

    def test_building_leaves_the_garbage_collector_as_it_was(self) -> None:
        """It is paused while indexes are made, and stays off if it was off."""
        orders(*SAMPLE)
        assert gc.isenabled()
        gc.disable()
        try:
            orders(*SAMPLE)
            assert not gc.isenabled()
        finally:
            gc.enable()


class TestFaultyRows:
    """Rows whose values are not what their annotations say."""

    def test_the_culprit_is_named_and_indexes_stop(self) -> None:
        """A wrongly typed value stops the indexes: each read of one names it, while the rows stay readable."""
        table = orders(*SAMPLE)
        table.put(Order(order_id="o5", total="many"))  # type: ignore[arg-type]  # the fault under test

        for _ in range(2):
            with pytest.raises(
                Invalid, match=r"indexes stopped: Order 'o5' has total='many', which is not int.*rebuild"
            ):
                table.order_by("total")
        assert table.where(order_id="o5")[0].customer_id == "c1"
        table.put(Order(order_id="o5", total=1))
        table.build()
        assert ids(table.order_by("total", limit=1)) == ["o5"]

    def test_it_is_found_by_build_too(self) -> None:
        """The same error comes when the indexes are made."""
        table: Table[Order] = Table(ORDERS)
        table.restore([*SAMPLE, Order(order_id="o5", total=None)])  # type: ignore[arg-type]  # the fault under test

        with pytest.raises(Invalid, match="Order 'o5' has total=None, which is not int"):
            table.build()

    def test_values_of_the_right_class_that_dont_compare(self) -> None:
        """Naive and aware datetimes have no order among each other: the message passes Python's reason on."""
        naive = datetime(2024, 1, 1)  # noqa: DTZ001  # the fault under test
        table: Table[Order] = Table(ORDERS)
        table.restore([*SAMPLE, Order(order_id="o5", created_at=naive)])

        with pytest.raises(Invalid, match=r"values can't be compared with each other \(can't compare offset-naive"):
            table.build()

    @pytest.mark.parametrize("row", [Order(order_id="o5", total=None), Order(order_id="o5", customer_id=[])])  # type: ignore[arg-type]
    def test_it_is_found_slice_by_slice_too(self, row: Order) -> None:
        """The same error, and the indexes stop."""
        table: Table[Order] = Table(ORDERS)
        table.restore([*SAMPLE, row])

        for _ in range(2):
            with pytest.raises(Invalid, match="indexes stopped: Order 'o5' has"):
                list(table.build_slices())
        prices: Table[Price] = Table(PRICES)
        prices.restore([Price(product_id="p", amount=float("nan"))])
        with pytest.raises(Invalid, match="amount is NaN"):
            list(prices.build_slices())

    def test_restored_nan_is_found_by_build(self) -> None:
        """An index that is declared later meets old rows; a NaN among them is refused."""
        table: Table[Price] = Table(PRICES)
        table.restore([Price(product_id="p", amount=float("nan"))])

        with pytest.raises(Invalid, match="amount is NaN"):
            table.build()


class TestCheckpoints:
    """cut, restore."""

    def test_cut_takes_what_changed(self) -> None:
        """A cut is the dirty dict itself, and the next one begins empty."""
        table = orders(*SAMPLE)
        table.put(Order(order_id="o5"))
        table.remove("o1")
        dirty = table.dirty

        assert table.cut() == (dirty, {"o1"})
        assert dirty == {"o5": Order(order_id="o5"), "o1": None}
        assert table.cut() == ({}, set())

    def test_a_row_that_is_put_again_comes_last(self) -> None:
        """Restoring a cut gives the rows in the order that the table has them in."""
        table = orders(Order(order_id="o1"), Order(order_id="o2"))
        saved = orders(Order(order_id="o1"), Order(order_id="o2"))
        table.cut()
        table.put(Order(order_id="o1", total=5))
        table.remove("o1")
        table.put(Order(order_id="o3"))
        table.put(Order(order_id="o1"))
        cut = table.cut()
        saved.restore([row for row in cut.rows.values() if row is not None], cut.removed)

        assert list(table.rows) == list(saved.rows) == ["o2", "o3", "o1"]

    def test_uncut_tells_what_changed_since(self) -> None:
        """And the next cut has everything, in the order of the rows."""
        table = orders(*SAMPLE)
        table.put(Order(order_id="o5"))
        table.remove("o1")
        earlier = table.cut()
        table.put(Order(order_id="o1"))
        table.remove("o2")
        later = table.uncut(earlier)

        assert later == ({"o1": Order(order_id="o1"), "o2": None}, {"o2"})
        assert table.cut() == ({"o5": Order(order_id="o5"), "o1": Order(order_id="o1"), "o2": None}, {"o1", "o2"})
        assert list(table.rows) == ["o3", "o4", "o5", "o1"]
        assert table.uncut(table.cut()) == ({}, set())

    def test_parts_are_restored_oldest_first(self) -> None:
        """A base and its deltas give the rows of the last one; nothing is dirty, and indexes agree after build."""
        table: Table[Order] = Table(ORDERS)
        get = table.rows.get
        table.restore(iter(SAMPLE))
        table.restore([Order(order_id="o1", total=5)], removed=["o2", "o7"])
        table.build()

        assert get("o1") == Order(order_id="o1", total=5)
        assert ids(table.order_by("total")) == ["o1", "o3", "o4"]
        assert table.dirty == {}

    def test_restore_after_build_turns_indexes_off(self) -> None:
        """Rows restored later are seen by the next read of an index."""
        table = orders(*SAMPLE)
        table.restore([Order(order_id="o0", total=0)])

        assert ids(table.order_by("total", limit=1)) == ["o0"]

    def test_release(self) -> None:
        """Everything goes, slice by slice."""
        table = orders(*SAMPLE)
        table.put(Order(order_id="o5"))
        for _ in table.release():
            pass

        assert table.statistics() == TableStatistics(
            rows=0, dirty_rows=0, pending_rows=1, ordered_entries=12, hash_values=0
        )
        assert all(not index.entries._keys for index in table._indexes.ordered)

    def test_a_table_without_indexes(self) -> None:
        """It builds nothing, notes nothing, and answers by looking at every row."""
        table: Table[Order] = Table(TableSchema(row_type=Order, key="order_id"))
        table.writable = True
        table.build()
        for row in SAMPLE:
            table.put(row)

        assert ids(table.where(total=20)) == ["o3", "o4"]
        assert table.statistics() == TableStatistics(
            rows=4, dirty_rows=4, pending_rows=0, ordered_entries=0, hash_values=0
        )
        assert repr(table) == "<Table Order rows 4 dirty 4>"


class TestEquality:
    """where and count."""

    @pytest.mark.parametrize(
        ("equals", "expected"),
        [
            ({}, ["o1", "o2", "o3", "o4"]),
            ({"order_id": "o2"}, ["o2"]),
            ({"order_id": "o2", "total": 11}, []),
            ({"order_id": "o7"}, []),
            ({"customer_id": "c1"}, ["o1", "o3", "o4"]),
            ({"customer_id": "c2"}, ["o2"]),
            ({"customer_id": "c3"}, []),
            ({"customer_id": "c1", "status": Status.SHIPPED}, ["o4"]),
            ({"status": "shipped", "customer_id": "c1", "total": 20}, ["o4"]),
            ({"status": Status.SHIPPED}, ["o2", "o4"]),
            ({"total": 20}, ["o3", "o4"]),
            ({"total": 20, "status": Status.OPEN}, ["o3"]),
            ({"created_at": None}, ["o1", "o2"]),
            ({"created_at": datetime(2024, 1, 1, tzinfo=UTC)}, ["o4"]),
            ({"customer_id": "c1", "total": 20}, ["o3", "o4"]),
            ({"lines": []}, ["o1", "o2", "o3", "o4"]),
            ({"lines": [], "status": Status.SHIPPED}, ["o2", "o4"]),
        ],
    )
    def test_by_key_index_or_scan(self, equals: dict[str, object], expected: list[str]) -> None:
        """Whatever leads to the rows, they come by primary key, and their count agrees."""
        table = orders(*reversed(SAMPLE))

        assert ids(table.where(**equals)) == expected
        assert table.count(**equals) == len(expected)

    def test_unknown_fields_are_refused(self) -> None:
        """The message names the fields that there are."""
        with pytest.raises(Invalid, match=r"Order has no field 'colour': its fields are order_id, customer_id, status"):
            orders().where(colour="red")

    @pytest.mark.parametrize(
        ("equals", "message"),
        [
            ({"total": "20"}, "where: total is int, but '20' is str: give a value of its type"),
            ({"total": None}, "where: total is int, but None is NoneType"),
            ({"order_id": 1}, "where: order_id is str, but 1 is int"),
            ({"created_at": datetime(2024, 1, 1)}, "can't be compared with the rows'"),  # noqa: DTZ001  # the fault
        ],
    )
    def test_values_of_another_type_are_refused(self, equals: dict[str, object], message: str) -> None:
        """An empty answer would hide a mistake, so the field's type and the value's are named."""
        table = orders(*SAMPLE)

        with pytest.raises(Invalid, match=message):
            table.where(**equals)

    def test_nan_equals_nothing_and_is_refused(self) -> None:
        """Asked of an ordered index, a NaN would match anything."""
        table: Table[Price] = Table(PRICES)

        with pytest.raises(Invalid, match="amount is float, but nan is a value that can't be compared"):
            table.where(amount=float("nan"))

    def test_a_value_without_a_hash(self) -> None:
        """A hash index over a field of unusual type refuses what can't be looked up."""

        class Place(Value):
            x: int

        class Visit(Row):
            visit_id: int
            place: Place | tuple[int, ...]

        schema = TableSchema(row_type=Visit, key="visit_id", hash_indexes=(("place",),))
        table: Table[Visit] = Table(schema)
        table.restore([Visit(visit_id=1, place=Place(x=1)), Visit(visit_id=2, place=(1, 2))])

        assert [row.visit_id for row in table.where(place=(1, 2))] == [2]
        with pytest.raises(Invalid, match=r"a tuple can't be looked up in the hash index 'place': unhashable"):
            table.where(place=[1])

    def test_a_hash_index_is_taken_before_an_ordered_one(self) -> None:
        """Both cover the customer; the hash index is the faster."""
        reader = orders()._reader

        assert reader._plan({"customer_id": "c1"}).index is reader._indexes.hashed[0]
        assert reader._plan({"customer_id": "c1", "total": 1}).used == ("customer_id", "total")

    def test_plans_are_bounded(self) -> None:
        """A table remembers a limited number of ways of asking."""
        names = [f"field{number}" for number in range(7)]
        row_type = type(
            "Wide", (Row,), {"__annotations__": dict.fromkeys(["key", *names], int), "__module__": __name__}
        )
        table: Table[Row] = Table(TableSchema(row_type=row_type, key="key"))
        for bits in range(2**7):
            table.where(**{name: 1 for number, name in enumerate(names) if bits >> number & 1})

        assert 0 < len(table._reader._plans) <= PLANS_MAX


class TestOrder:
    """order_by."""

    def test_both_directions(self) -> None:
        """Equal values are in the order of their keys, and descending is the exact reverse."""
        table = orders(*SAMPLE)

        assert ids(table.order_by("total")) == ["o2", "o3", "o4", "o1"]
        assert ids(table.order_by(("total",), descending=True)) == ["o1", "o4", "o3", "o2"]

    def test_keys_break_ties_whatever_order_rows_were_restored_in(self) -> None:
        """Rows whose keys ascend only partly are put in the order of their keys."""
        table = orders(*(Order(order_id=key) for key in ("o1", "o3", "o2")))

        assert ids(table.order_by("total")) == ["o1", "o2", "o3"]

    def test_none_is_first(self) -> None:
        """A field that may be None sorts its Nones before everything."""
        assert ids(orders(*SAMPLE).order_by("created_at")) == ["o1", "o2", "o4", "o3"]

    @pytest.mark.parametrize("limit", [1, 3, 100])
    def test_limit(self, limit: int) -> None:
        """At most so many rows, counted from where the direction begins."""
        assert ids(orders(*SAMPLE).order_by("total", descending=True, limit=limit)) == ["o1", "o4", "o3", "o2"][:limit]

    @pytest.mark.parametrize(
        ("start", "stop", "expected"),
        [
            (20, None, ["o3", "o4", "o1"]),
            (None, 20, ["o2"]),
            (10, 30, ["o2", "o3", "o4"]),
            (11, 12, []),
            (30, 10, []),
            (20, 20, []),
            ((20,), 31, ["o3", "o4", "o1"]),
        ],
    )
    def test_bounds(self, start: object, stop: object, expected: list[str]) -> None:
        """Start is included and stop is not, in both directions."""
        table = orders(*SAMPLE)

        assert ids(table.order_by("total", start=start, stop=stop)) == expected
        assert ids(table.order_by("total", start=start, stop=stop, descending=True)) == expected[::-1]

    def test_bounds_of_several_fields(self) -> None:
        """A tuple bounds the next fields of the index together, a value the next one alone."""
        table = orders(*SAMPLE)
        index = ("customer_id", "total")

        assert ids(table.order_by(index, start=("c1", 21))) == ["o1", "o2"]
        assert ids(table.order_by(index, start="c1", stop=("c1", 30))) == ["o3", "o4"]
        assert ids(table.order_by(index, where={"customer_id": "c1"}, start=20, stop=30)) == ["o3", "o4"]

    def test_where_narrows_and_filters(self) -> None:
        """Equal first fields of the index are a range of it; other fields are looked at row by row."""
        table = orders(*SAMPLE)
        index = ("customer_id", "total")

        assert ids(table.order_by(index, where={"customer_id": "c1"}, descending=True)) == ["o1", "o4", "o3"]
        assert ids(table.order_by(index, where={"customer_id": "c1", "status": Status.OPEN})) == ["o3", "o1"]
        assert ids(table.order_by(index, where={"total": 20})) == ["o3", "o4"]
        assert ids(table.order_by("total", where={"customer_id": "c1", "status": Status.OPEN}, limit=1)) == ["o3"]

    @pytest.mark.parametrize("limit", [0, -1, 1.5, True])
    def test_limits_below_one_are_refused(self, limit: int) -> None:
        """A limit is a whole number from 1 on."""
        with pytest.raises(Invalid, match=rf"limit={limit} must be a whole number, at least 1$"):
            orders().order_by("total", limit=limit)

    def test_a_limit_that_no_list_can_have_is_refused(self) -> None:
        """Named with the most that is possible."""
        with pytest.raises(Invalid, match="at most 9223372036854775807"):
            orders().order_by("total", limit=10**30)

    def test_names_that_are_no_text_are_refused(self) -> None:
        """Also where they could not even be looked up."""
        with pytest.raises(Invalid, match="no ordered index"):
            orders().order_by([["total"]])  # type: ignore[arg-type]

    @pytest.mark.parametrize("index", ["status", ("total", "customer_id")])
    def test_undeclared_indexes_are_refused(self, index: str) -> None:
        """The message names the indexes that are declared, and the way to have one more."""
        declared = r"declared: 'total', \('customer_id', 'total'\), 'created_at'\. .*add it to indexes="
        with pytest.raises(Invalid, match=r"Order has no ordered index .*; " + declared):
            orders().order_by(index)

    def test_without_any_index(self) -> None:
        """A table without ordered indexes says so."""
        table: Table[Order] = Table(TableSchema(row_type=Order, key="order_id"))

        with pytest.raises(Invalid, match="declared: none"):
            table.order_by("total")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"start": "x"}, "start: total is int, but 'x' is str"),
            ({"stop": (1, 2)}, r"stop has 2 values, the index has at most 1 \(total\)"),
            ({"stop": ()}, "stop has 0 values"),
            (
                {"start": 1, "where": {"total": 1}},
                "start has 1 values, the index has none: where= has fixed every field",
            ),
            ({"where": {"colour": 1}}, "no field 'colour'"),
            ({"where": {"total": "x"}}, "where: total is int"),
        ],
    )
    def test_wrong_bounds_are_refused(self, arguments: dict[str, object], message: str) -> None:
        """Each names the argument and what would fit."""
        with pytest.raises(Invalid, match=message):
            orders(*SAMPLE).order_by("total", **arguments)  # type: ignore[arg-type]  # some are wrong on purpose


class TestLookingOn:
    """What tools ask of an index: any part of its order, and all of it while it changes."""

    def test_a_stretch_from_anywhere(self) -> None:
        """What slicing the whole order gives, in both directions; also for a row that was just put."""
        table = orders(*(Order(order_id=f"o{number}", total=number * 7 % 10) for number in range(10)))
        table.put(Order(order_id="new", total=4))
        for descending in (False, True):
            whole = ids(table.order_by("total", descending=descending))
            for offset in range(13):
                stretch = table.stretch("total", offset=offset, limit=3, descending=descending)
                assert ids(stretch) == whole[offset : offset + 3]
        with pytest.raises(Invalid, match="no ordered index 'status'"):
            table.stretch("status", offset=0, limit=1)

    def test_a_walk_while_rows_change(self) -> None:
        """Each row as it is when its turn comes; one that was removed does not come."""
        table = orders(*(Order(order_id=f"o{number}", total=number) for number in range(6)))
        seen: list[Order] = []
        for part in table.walk("total", 2):
            assert len(part) <= 2
            seen += part
            table.put(Order(order_id="o4", total=4, status=Status.SHIPPED))
            table.remove("o3")
        assert [(row.order_id, row.status) for row in seen] == [
            *(("o0", "open"), ("o1", "open"), ("o2", "open"), ("o4", "shipped"), ("o5", "open"))
        ]
