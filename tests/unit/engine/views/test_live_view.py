"""Views: rows change by events only, in order; a view that fails is alone in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from actum import (
    Engine,
    Event,
    Invalid,
    MemoryLog,
    Query,
    Record,
    Row,
    View,
    ViewBroken,
    WriteOutsideProjection,
    answer,
    project,
)
from actum.kinds.catalogue import Catalogue
from actum.views.live_view import LiveView, row_type_of

from tests.support import fragile
from tests.support.bank import (
    Account,
    Activities,
    Activity,
    ActivityOf,
    AllActivity,
    AllBalances,
    Balance,
    BalanceOf,
    Balances,
    BranchBalances,
    Deposit,
    DepositEach,
    Deposited,
    HeldAssessor,
    Note,
    TopBalances,
    Withdraw,
    Withdrawn,
    open_bank,
)
from tests.support.clocks import NEW_YEAR_NS, FakeClock
from tests.support.fragile import Do, Fragile, Fragments, FragmentView
from tests.support.scenes import scene


def live(view: type[View[Any]]) -> LiveView:
    """A view at work, without an engine."""
    (kind,) = Catalogue.build([view]).views
    return LiveView(kind.name, kind.view, kind.schema, kind.projections, kind.fingerprint)


def deposits(*amounts: int, key: str = "ann") -> list[Event]:
    """Some events."""
    return [Deposited(account_id=key, amount=amount) for amount in amounts]


def records_of(first: int, events: Sequence[Event]) -> list[Record]:
    """Their records."""
    return [
        Record(event, "Account", "ann", position, 0, 7, bytes(16), position=position)
        for position, event in enumerate(events, first)
    ]


def no_records() -> Sequence[Record]:
    """For views that don't ask."""
    raise AssertionError("nobody wants the records of this view")


class TestApplying:
    """Events into rows."""

    def test_events_change_rows(self) -> None:
        """In order, by the handler of their type; types without a handler are passed over."""
        view = live(Balances)
        view.apply(1, [*deposits(5, 7), Withdrawn(account_id="ann", amount=2)], no_records)
        assert list(view.view) == [Balance(account_id="ann", branch="ann", balance=10)]
        assert (view.position, repr(view)) == (3, "<LiveView Balances 1 rows @3>")

        class Nothing(View[Balance]):
            """Projects nothing."""

        passive = live(Nothing)
        passive.apply(1, deposits(5), no_records)
        assert (passive.position, len(passive.view)) == (1, 0)

    def test_events_that_are_in_already_are_skipped(self) -> None:
        """Whole batches, and the first part of one that reaches further."""
        view = live(Balances)
        view.apply(1, deposits(1, 2, 4), no_records)
        view.apply(1, deposits(1, 2, 4), no_records)
        view.apply(2, deposits(2, 4), no_records)
        assert view.table.rows["ann"].balance == 7
        view.apply(2, deposits(2, 4, 8, 16), no_records)
        assert (view.table.rows["ann"].balance, view.position) == (31, 5)

    def test_skipping_works_with_records_too(self) -> None:
        """Events and records stay side by side."""
        view = live(Activities)
        events = deposits(1, 2, 4)
        view.apply(1, events[:2], lambda: records_of(1, events[:2]))
        view.apply(1, events, lambda: records_of(1, events))
        row = view.table.rows["ann"]
        assert (row.events, row.position, view.position) == (3, 3, 3)

    def test_a_gap_is_a_bug(self) -> None:
        """Positions are dense; a view never jumps."""
        view = live(Balances)
        with pytest.raises(AssertionError, match="Balances is at 0, the next event at 2"):
            view.apply(2, deposits(1), no_records)

    @pytest.mark.parametrize("error", [LookupError("mine"), asyncio.CancelledError(), KeyboardInterrupt()], ids=repr)
    def test_a_handler_that_raises_breaks_its_view_at_that_position(self, error: BaseException) -> None:
        """Nothing is raised; the view is not served and takes no more events, until it is cleared."""

        class Bad(View[Balance]):
            @project
            def deposited(self, event: Deposited) -> None:
                if event.amount == 3:
                    raise error
                self.put(Balance(account_id=event.account_id, branch="", balance=event.amount))

        view = live(Bad)
        view.apply(1, deposits(1), no_records)
        view.apply(2, deposits(2, 3, 4), no_records)
        for _ in range(2):
            with pytest.raises(
                ViewBroken, match="view Bad is broken: its handler of Deposited at position 3"
            ) as caught:
                view.check()
            assert (caught.value.view, caught.value.position, caught.value.__cause__) == ("Bad", 3, error)
        view.apply(5, deposits(5), no_records)
        assert not view.table.writable
        assert repr(view) == f"<LiveView Bad {len(view.view)} rows @1 broken>"
        view.clear()
        view.check()
        view.apply(1, deposits(1), no_records)
        assert view.position == 1

    def test_a_broken_view_s_error_is_new_each_time(self) -> None:
        """A raised error carries its traceback, so it is not shared between callers."""
        view = live(FragmentView)
        view._break(7, "Done", LookupError("mine"))
        errors = []
        for _ in range(2):
            with pytest.raises(ViewBroken) as caught:
                view.check()
            errors.append(caught.value)
        assert errors[0] is not errors[1]

    def test_a_twin_is_empty(self) -> None:
        """The same class and fingerprint, to be filled beside the live one."""
        view = live(Balances)
        view.apply(1, deposits(1), no_records)
        twin = view.twin()
        assert (twin.name, twin.fingerprint, twin.position, len(twin.view)) == ("Balances", view.fingerprint, 0, 0)
        assert view.table is not twin.table


class TestReading:
    """What a view's own methods find."""

    @scene
    async def test_all_ways_of_reading(self) -> None:
        """By key, by index, counting, walking, page by page."""
        async with open_bank() as bank:
            amounts = {"north-ann": 5, "north-bob": 9, "south-eve": 7}
            await bank.send_many([Deposit(account_id=key, amount=amount) for key, amount in amounts.items()])
            assert await bank.ask(BalanceOf(account_id="north-bob")) == 9
            assert await bank.ask(AllBalances()) == amounts
            assert [row.balance for row in await bank.ask(TopBalances(limit=2))] == [9, 7]
            assert [row.account_id for row in await bank.ask(BranchBalances(branch="north"))] == [
                "north-ann",
                "north-bob",
            ]
            core = bank._core
            assert core is not None
            view = core.views["Balances"].view
            assert isinstance(view, Balances)
            assert (len(view), "north-ann" in view, "nobody" in view) == (3, True, False)
            assert (view.count(), view.count(branch="north")) == (3, 2)
            page = view.page("balance", limit=2)
            assert [row.balance for row in page.rows] == [5, 7]
            assert [row.balance for row in view.page("balance", limit=2, cursor=page.cursor).rows] == [9]
            assert [row.balance for row in view.order_by(("branch", "balance"), where={"branch": "north"})] == [5, 9]
            assert repr(view) == "<Balances 3 rows>"
            with pytest.raises(Invalid):
                view.order_by("branch")

    @scene
    async def test_a_removed_row_is_gone_everywhere(self) -> None:
        """From the table and from its indexes; `remove` of what isn't there does nothing."""
        async with open_bank() as bank:
            await bank.send(Deposit(account_id="ann", amount=5))
            assert len(await bank.ask(TopBalances())) == 1
            await bank.send(Withdraw(account_id="ann", amount=5))
            assert await bank.ask(TopBalances()) == []
            assert await bank.ask(BranchBalances(branch="ann")) == []
            assert await bank.ask(BalanceOf(account_id="ann")) is None


class TestRecords:
    """Projections that look at the metadata."""

    @scene
    async def test_a_record_has_everything(self) -> None:
        """Position, version, time and user of each event, live and after a replay alike."""
        log, clock = MemoryLog(), FakeClock()
        components = (Account, Balances, Activities)
        async with Engine.open(log, *components, services=[HeldAssessor()], clock=clock) as bank:
            await bank.send(Deposit(account_id="bob", amount=5))
            clock.advance(60)
            await bank.send(DepositEach(account_id="ann", amounts=[1, 2]), user_id="clerk")
            await bank.send(Note(account_id="ann", text="hello"))
            rows = await bank.ask(AllActivity())
            assert rows[0] == Activity(
                account_id="ann",
                events=3,
                version=2,
                position=3,
                timestamp_ns=NEW_YEAR_NS + 60 * 10**9,
                user_id="clerk",
            )
            assert await bank.ask(ActivityOf(account_id="bob")) == rows[1]
        async with Engine.open(log.reopen(), *components, services=[HeldAssessor()]) as bank:
            assert await bank.ask(AllActivity()) == rows


class Times(Query[dict[str, int]]):
    """When each account was last paid into."""


class Clockwork(View[Activity]):
    """Another view that wants records."""

    @project
    def deposited(self, event: Deposited, record: Record) -> None:
        """Only the time."""
        self.put(Activity(account_id=record.key, timestamp_ns=record.timestamp_ns))

    @answer
    def times(self, query: Times) -> dict[str, int]:
        """By walking."""
        return {row.account_id: row.timestamp_ns for row in self}


@scene
async def test_two_views_share_the_records_of_a_batch() -> None:
    """Each gets all of them."""
    async with open_bank(None, Clockwork) as bank:
        await bank.send(Deposit(account_id="ann", amount=5))
        row = await bank.ask(ActivityOf(account_id="ann"))
        assert row is not None
        assert await bank.ask(Times()) == {"ann": row.timestamp_ns}


class Snatch(Query[None]):
    """Tries to write while answering."""

    how: str


class Meddler(View[Balance], name="Balances too"):
    """Writes where it must not."""

    @project
    def deposited(self, event: Deposited) -> None:
        """As it should."""
        self.put(Balance(account_id=event.account_id, branch="", balance=event.amount))

    @answer
    def snatch(self, query: Snatch) -> None:
        """As it should not."""
        if query.how == "put":
            self.put(Balance(account_id="thief", branch=""))
        else:
            self.remove("ann")


class TestWriting:
    """Only projections write."""

    @pytest.mark.parametrize("how", ["put", "remove"])
    @scene
    async def test_an_answer_must_not_write(self, how: str) -> None:
        """It raises, and the rows stay as they are."""
        async with open_bank(None, Meddler) as bank:
            await bank.send(Deposit(account_id="ann", amount=5))
            with pytest.raises(WriteOutsideProjection, match="send a command whose event changes them"):
                await bank.ask(Snatch(how=how))
            core = bank._core
            assert core is not None
            assert list(core.views["Balances too"].table.rows) == ["ann"]

    def test_a_view_keeps_nothing_beside_its_rows(self) -> None:
        """An attribute would not be in any checkpoint, so it can't be set."""
        view = live(Balances)
        with pytest.raises(WriteOutsideProjection, match="Balances.total can't be set"):
            view.view.total = 7

    def test_the_methods_of_the_class_are_those_of_the_instance(self) -> None:
        """`get` and `put` are the table's own on each view, for speed; through the class they do the same."""
        view = live(Balances)
        row = Balance(account_id="ann", branch="")
        view.table.writable = True
        View.put(view.view, row)
        assert View.get(view.view, "ann") is view.view.get("ann") is row

    @scene
    async def test_a_failed_projection_leaves_the_rows_locked(self) -> None:
        """The permission to write ends with the handler, however it ends."""
        view = live(FragmentView)
        with pytest.raises(WriteOutsideProjection):
            view.view.put(fragile.Fragment(key="a"))
        view.apply(1, [fragile.Done(key="a", how="unprojectable-cancelled")], no_records)
        with pytest.raises(WriteOutsideProjection):
            view.view.put(fragile.Fragment(key="a"))


class TestQuarantine:
    """A broken view in a live engine."""

    @scene
    async def test_commands_and_other_views_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The command succeeds; asking the broken view says position and cause; statistics show it."""
        async with open_bank(None, Fragile, FragmentView) as engine:
            await engine.send(Do(key="a"))
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
            assert (await engine.send(Do(key="a", how="odd"))).version == 2
            assert (await engine.send(Do(key="a"))).version == 3
            await engine.send(Deposit(account_id="ann", amount=5))
            assert await engine.ask(AllBalances()) == {"ann": 5}
            with pytest.raises(ViewBroken, match=r"engine.rebuild\(FragmentView\)") as caught:
                await engine.ask(Fragments())
            assert (caught.value.position, type(caught.value.__cause__)) == (2, LookupError)
            (statistics,) = [view for view in engine.statistics().views if view.name == "FragmentView"]
            assert (statistics.state, statistics.position, statistics.lag) == ("broken", 1, 3)
            assert "a bug in the view" in str(statistics.failure)

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    @scene
    async def test_whatever_a_projection_raises_the_callers_are_answered(self) -> None:
        """An interrupt in a handler breaks its view; every caller of the batch and of later ones gets a receipt."""
        async with open_bank(None, Fragile, FragmentView) as engine:
            receipts = await asyncio.gather(
                *(engine.send(Do(key="a", how=how)) for how in ("well", "unprojectable-cancelled", "well"))
            )
            assert [receipt.version for receipt in receipts] == [1, 2, 3]
            assert (await engine.send(Do(key="a"))).version == 4
            with pytest.raises(ViewBroken):
                await engine.ask(Fragments())
            assert (await engine.send(Deposit(account_id="ann", amount=1))).position == 5


class TestRebuild:
    """`engine.rebuild`."""

    @scene
    async def test_it_heals_a_broken_view_after_the_fix(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From the whole log, without what the failing handler had half written."""
        async with open_bank(None, Fragile, FragmentView) as engine:
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
            await engine.send_many([Do(key="a"), Do(key="a", how="odd"), Do(key="b")])
            with pytest.raises(ViewBroken):
                await engine.rebuild(FragmentView)
            with pytest.raises(ViewBroken):
                await engine.ask(Fragments())
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "")
            await engine.rebuild(FragmentView)
            assert await engine.ask(Fragments()) == {"a": 2, "b": 1}
            await engine.send(Do(key="b"))
            assert await engine.ask(Fragments()) == {"a": 2, "b": 2}

    @scene
    async def test_the_old_one_serves_meanwhile_and_nothing_is_missed(self) -> None:
        """Commands go on during a rebuild in small slices; afterwards the new view has them all."""
        async with open_bank(replay_slice_events=1) as bank:
            for number in range(30):
                await bank.send(Deposit(account_id=f"account-{number % 4}", amount=1))
            rebuilding = asyncio.create_task(bank.rebuild(Balances))
            sent = 30
            while not rebuilding.done():
                await bank.send(Deposit(account_id="account-0", amount=1))
                sent += 1
                states = {view.name: view.state for view in bank.statistics().views}
                assert rebuilding.done() or states["Balances"] == "rebuilding"
                assert sum((await bank.ask(AllBalances())).values()) == sent
            await rebuilding
            assert sum((await bank.ask(AllBalances())).values()) == sent > 31
            assert {view.state for view in bank.statistics().views} == {"live"}
            assert [row.account_id for row in await bank.ask(TopBalances(limit=1))] == ["account-0"]

    @scene
    async def test_two_at_once_are_refused(self) -> None:
        """The second caller is told; the first goes on."""
        async with open_bank(replay_slice_events=1) as bank:
            await bank.send_many([Deposit(account_id=f"account-{number}", amount=1) for number in range(10)])
            first = asyncio.create_task(bank.rebuild(Balances))
            await asyncio.sleep(0)
            with pytest.raises(Invalid, match="Balances is being rebuilt already"):
                await bank.rebuild(Balances)
            await first
            await bank.rebuild(Balances)

    @scene
    async def test_a_cancelled_one_leaves_the_old_view(self) -> None:
        """And another can be started."""
        async with open_bank(replay_slice_events=1, frame_events_max=1) as bank:
            await bank.send_many([Deposit(account_id=f"account-{number}", amount=1) for number in range(20)])
            rebuilding = asyncio.create_task(bank.rebuild(Balances))
            await asyncio.sleep(0)
            rebuilding.cancel()
            await asyncio.wait([rebuilding])
            assert rebuilding.cancelled()
            assert len(await bank.ask(AllBalances())) == 20
            await bank.rebuild(Balances)
            assert len(await bank.ask(AllBalances())) == 20

    @scene
    async def test_only_views_of_this_engine_can_be_rebuilt(self) -> None:
        """Another class is named in the error."""
        async with open_bank() as bank:
            with pytest.raises(Invalid, match="FragmentView.* is not a view of this engine"):
                await bank.rebuild(FragmentView)

    @scene
    async def test_a_view_of_an_empty_log(self) -> None:
        """Nothing to do."""
        async with open_bank() as bank:
            await bank.rebuild(Balances)
            assert await bank.ask(AllBalances()) == {}


def test_the_row_type_is_found_in_the_class_statement_or_its_parents() -> None:
    """A child of a view has its parent's rows."""

    class Child(Balances):
        """Nothing of its own."""

    class NotRows(View[int]):  # type: ignore[type-var]
        """Not a row type."""

    assert row_type_of(Child) is Balance
    assert row_type_of(NotRows) is None
    assert row_type_of(View) is None
    assert issubclass(Balance, Row)
