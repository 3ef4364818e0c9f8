"""Pages of views: what is shown of one, live and as of a position, by itself and over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from actum import Aggregate, Command, Engine, Event, Invalid, Row, View, ViewBroken, decide, evolve, project
from actum.monitor import Column, RowsPage, RowsRequest, Unanswered, Wanted, attach, looks
from actum.monitor import rows as rows_module
from actum.monitor.looks import STEP_ROWS
from actum.monitor.pace import SLICE_STEPS_MAX
from actum.monitor.rows import Onlookers, Pages, rows_page
from actum.past_view import PastView

from tests.support import fragile
from tests.support.bank import Balance, Balances, Deposit, DepositEach, Withdraw, open_bank
from tests.support.clocks import FakeClock
from tests.support.fragile import Do, open_fragile
from tests.support.scenes import scene, turns, until

HOSTILE = "[@click=app.bell]\x1b[2J\u202e[/nothing]\ud83d"


class Write(Command):
    """Put something down."""

    name: str
    text: str


class Written(Event):
    """It was."""

    name: str
    text: str


class Page(Aggregate, key="name"):
    """What texts are written on."""

    @decide
    def write(self, command: Write) -> Written:
        """Always."""
        return Written(name=command.name, text=command.text)

    @evolve
    def written(self, event: Written) -> None:
        """Nothing to remember."""


class Text(Row, key="name"):
    """A text and more."""

    name: str
    text: str
    at: datetime | None = None
    by_number: dict[int, list[str]] = {}


class Texts(View[Text]):
    """All texts."""

    @project
    def written(self, event: Written) -> None:
        """One more, hostile where the log could not hold that."""
        text = HOSTILE if event.text == "hostile" else event.text
        self.put(
            Text(name=event.name, text=text, at=datetime(2026, 1, 2, tzinfo=UTC), by_number={len(text): [event.name]})
        )


def onlookers_of(engine: Engine) -> Onlookers:
    """All who look at an engine."""
    core = engine._core
    assert core is not None
    return Onlookers(core)


def pages_of(engine: Engine) -> Pages:
    """Somebody who looks at an engine."""
    return onlookers_of(engine).pages()


def asked(view: str = "Balances", **wanted: Any) -> RowsRequest:
    """A request."""
    return RowsRequest(view=view, **wanted)


async def fill(bank: Engine, count: int = 5) -> None:
    """Accounts with 1, 2, 3 ..."""
    for number in range(1, count + 1):
        await bank.send(Deposit(account_id=f"a-{number}", amount=number))


class TestPages:
    """One page."""

    @scene
    async def test_what_it_says(self) -> None:
        """Columns, rows, and how many there are."""
        async with open_bank() as bank:
            await fill(bank)
            page = await pages_of(bank).page(asked(order="balance", descending=True, offset=1, limit=2))
            assert page == RowsPage(
                view="Balances",
                position=5,
                key="account_id",
                columns=(
                    Column("account_id", "str"),
                    Column("branch", "str", ordered=True),
                    Column("balance", "int", numeric=True, ordered=True),
                ),
                rows=(("a-4", "a", 4), ("a-3", "a", 3)),
                offset=1,
                count=5,
                matched=5,
                looked_at=5,
                looked_position=5,
            )

    @scene
    async def test_filters(self) -> None:
        """By fields and by words, as the values are shown; what is no filter, or asks for no field, is refused."""
        async with open_bank(None, Page, Texts) as engine:
            await engine.send(Write(name="one", text="Milk and bread"))
            await engine.send(Write(name="two", text="hostile"))
            pages = pages_of(engine)
            for text, names in (
                ("milk", ["one"]),
                ("name:t*", ["two"]),
                ("at>=2026-01-01", ["one", "two"]),
                ("at:2026-01-02T00:00:00Z !milk", ["two"]),
                ("by_number.14:one", ["one"]),
                ("  ", ["one", "two"]),
            ):
                page = await pages.page(asked("Texts", filter=text, order="name"))
                assert [values[0] for values in page.rows] == names, text
                assert (page.matched, page.count, page.looked_at) == (len(names), 2, 2)
            with pytest.raises(Invalid, match="no field 'colour' to filter by: Texts has name, text, at, by_number"):
                await pages.page(asked("Texts", filter="colour:red"))
            with pytest.raises(Invalid):
                await pages.page(asked("Texts", filter="at>"))

    @scene
    async def test_hostile_and_huge_values(self) -> None:
        """They are data: texts that a wire can carry, cut where they are long; whole for who wants them so."""
        async with open_bank(None, Page, Texts) as engine:
            await engine.send(Write(name="hostile", text="hostile"))
            await engine.send(Write(name="huge", text="x" * 900_000))
            page = await pages_of(engine).page(asked("Texts"))
            assert page.rows[0][1:] == (
                "[@click=app.bell]\x1b[2J\u202e[/nothing]\\ud83d",
                "2026-01-02T00:00:00Z",
                {"33": ["hostile"]},
            )
            assert page.rows[1][1] == "x" * 1_000 + "..."
            assert page.cut == ((1, 1),)
            whole = await rows_page(engine, asked("Texts"))
            assert (whole.rows[1][1], whole.cut) == ("x" * 900_000, ())

    @scene
    async def test_what_is_refused(self) -> None:
        """Views that there are not, named."""
        async with open_bank() as bank:
            for ask in (pages_of(bank).live, pages_of(bank).page):
                with pytest.raises(Invalid, match="no view 'Nothing': this engine has Activities, Balances"):
                    await ask(asked("Nothing"))  # type: ignore[misc]
                with pytest.raises(Invalid, match="limit=501"):
                    await ask(asked(limit=501))  # type: ignore[misc]
            with pytest.raises(Invalid, match="don't change: ask for them once"):
                pages_of(bank).live(asked(position=0))

    @scene
    async def test_a_broken_view(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The sentence that every query gets; also when it breaks while it is looked at."""
        monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
        monkeypatch.setattr(looks, "STEP_ROWS", 1)
        async with open_fragile() as engine:
            await engine.send_many([Do(key=f"{number}") for number in range(100)])
            pages = pages_of(engine)
            looking = asyncio.create_task(pages.page(asked("FragmentView", order="key")))
            await turns(2)
            await engine.send(Do(key="b", how="odd"))
            sentence = "view FragmentView is broken: its handler of Done at position 101 raised LookupError"
            with pytest.raises(ViewBroken, match=sentence):
                await looking
            with pytest.raises(ViewBroken, match=sentence):
                await pages.page(asked("FragmentView"))
            with pytest.raises(ViewBroken, match=sentence):
                pages.live(asked("FragmentView"))

    @scene
    async def test_a_rebuild_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The look begins again with the view that took the place of the other."""
        monkeypatch.setattr(looks, "STEP_ROWS", 1)
        monkeypatch.setattr(looks, "LISTED_ROWS_MAX", 0)
        async with open_bank() as bank:
            await bank.send_many([Deposit(account_id=f"{number:03}", amount=number + 1) for number in range(200)])
            told: list[tuple[int, int]] = []
            looking = asyncio.create_task(pages_of(bank).page(asked(filter="balance>0"), lambda *far: told.append(far)))
            await until(lambda: told)
            await bank.rebuild(Balances)
            page = await looking
            assert (page.matched, len(page.rows)) == (200, 50)


@scene
async def test_a_heartbeat() -> None:
    """Between any two turns of the loop only some rows of a large view are looked at, for a question and for frames."""
    async with open_bank() as bank:
        onlookers = onlookers_of(bank)
        live = onlookers.core.views["Balances"]
        live.table.restore([Balance(account_id=f"{number}", branch="x", balance=number) for number in range(60_000)])
        live.build()
        pages = onlookers.pages()
        request = asked(order="account_id", filter="balance<9")
        pages.live(request)
        (standing,) = onlookers.standing
        look = standing._under_way
        assert look is not None
        beats = [look.looked_at]
        while not look.complete:
            await asyncio.sleep(0)
            beats.append(look.looked_at)
        assert max(later - earlier for earlier, later in pairwise(beats)) <= SLICE_STEPS_MAX * STEP_ROWS
        page = pages.live(request)
        assert page is not None
        assert ([values[2] for values in page.rows], page.matched, page.count) == (list(range(9)), 9, 60_000)


class TestProgress:
    """What is told of long work."""

    @scene
    async def test_it_is_told_some_times_a_second(self) -> None:
        """And of the end."""
        clock = FakeClock()
        told: list[tuple[int, int]] = []
        tell = rows_module.sparse(lambda *far: told.append(far), clock)
        for done in range(1, 101):
            tell(done, 100)
            clock.advance(0.01)
        assert told == [*((done, 100) for done in range(1, 101, 10)), (100, 100)]

    @scene
    async def test_folding_then_looking(self) -> None:
        """Positions first, rows then."""
        async with open_bank(replay_slice_events=1) as bank:
            await fill(bank)
            told: list[tuple[int, int]] = []
            await pages_of(bank).page(asked(position=4, filter="balance>1"), lambda *far: told.append(far))
            assert told[0] == (1, 4)
            assert (4, 4) in told
            assert told[-1] == (4, 4)


class TestThePast:
    """Pages as of positions."""

    @scene
    async def test_any_position(self) -> None:
        """Also within a command and within several sent as one; 0 is empty, what is not there yet is refused."""
        async with open_bank() as bank:
            await bank.send(DepositEach(account_id="a", amounts=[1, 2]))
            await bank.send_atomic([Deposit(account_id="b", amount=4), Withdraw(account_id="a", amount=3)])
            pages = pages_of(bank)
            seen = [await pages.page(asked(order="account_id", position=position)) for position in range(5)]
            assert [[(values[0], values[2]) for values in page.rows] for page in seen] == [
                *([], [("a", 1)], [("a", 3)], [("a", 3), ("b", 4)], [("b", 4)])
            ]
            assert [(page.position, page.count, page.exact) for page in seen] == [
                *((0, 0, True), (1, 1, True), (2, 1, True), (3, 2, True), (4, 1, True))
            ]
            with pytest.raises(Invalid, match="position=5 is not in the log: give 0 to 4"):
                await pages.page(asked(position=5))
            with pytest.raises(Invalid, match="position=-1"):
                await pages.page(asked(position=-1))

    @scene
    async def test_a_handler_that_fails_on_the_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It says where, and positions before that are shown."""
        async with open_fragile() as engine:
            for how in ("well", "odd", "well"):
                await engine.send(Do(key="a", how=how))
            monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
            pages = pages_of(engine)
            with pytest.raises(ViewBroken, match="up to position 3: its code fails at position 2"):
                await pages.page(asked("FragmentView", position=3))
            assert (await pages.page(asked("FragmentView", position=1))).rows == (("a", 1),)
            assert (await pages.page(asked("FragmentView"))).rows == (("a", 3),)

    @scene
    async def test_a_broken_view_has_a_past(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was before it broke can be looked at."""
        monkeypatch.setattr(fragile, "VIEW_FAILS_ON", "odd")
        async with open_fragile() as engine:
            await engine.send(Do(key="a"))
            await engine.send(Do(key="a", how="odd"))
            assert (await pages_of(engine).page(asked("FragmentView", position=1))).rows == (("a", 1),)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The views that begin at position 0, as they are made."""
    begun: list[str] = []
    real = PastView._begin

    def begin(self: PastView) -> None:
        begun.append(self.name)
        real(self)

    monkeypatch.setattr(PastView, "_begin", begin)
    return begun  # type: ignore[return-value]


class TestKeeping:
    """What is kept of the past, and for how long."""

    @scene
    async def test_the_next_page_costs_no_fold(self, made: list[str]) -> None:
        """Nor does a later position, but for what lies between, or one shortly before."""
        async with open_bank() as bank:
            await fill(bank, 9)
            pages = pages_of(bank)
            for position, offset in ((4, 0), (4, 2), (6, 0), (9, 3)):
                page = await pages.page(asked(position=position, offset=offset, limit=2))
                assert page.rows[0][2] == offset + 1
            assert made == ["Balances"]
            page = await pages.page(asked(position=3, order="balance"))
            assert [values[2] for values in page.rows] == [1, 2, 3]
            assert made == ["Balances"], "nor does going back over a few events"

    @scene
    async def test_few_are_kept(self) -> None:
        """The last two that nobody is looking at; and none of who has left."""
        async with open_bank() as bank:
            await fill(bank)
            onlookers = onlookers_of(bank)
            several = [onlookers.pages() for _ in range(4)]
            for pages in several:
                await pages.page(asked(position=3))
            assert list(onlookers.past._kept) == several[2:]
            assert (await several[0].page(asked(position=3))).count == 3
            assert list(onlookers.past._kept) == [several[3], several[0]]
            for pages in several:
                pages.close()
            assert not onlookers.past._kept

    @scene
    async def test_one_at_a_time_for_each_and_two_for_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Others wait."""
        free, begun = asyncio.Event(), 0
        real = PastView.move

        async def move(self: PastView, *given: Any) -> None:
            nonlocal begun
            begun += 1
            await free.wait()
            await real(self, *given)

        monkeypatch.setattr(PastView, "move", move)
        async with open_bank() as bank:
            await fill(bank)
            onlookers = onlookers_of(bank)
            several = [onlookers.pages() for _ in range(3)]
            asking = [asyncio.create_task(pages.page(asked(position=2))) for pages in several for _ in range(2)]
            await turns(20)
            assert begun == 2
            asking[-1].cancel()
            free.set()
            answers = await asyncio.gather(*asking, return_exceptions=True)
            assert [getattr(answer, "count", None) for answer in answers] == [2, 2, 2, 2, 2, None]

    @scene
    async def test_a_cancelled_one(self) -> None:
        """Wherever it is, the next question is answered, and goes on from there if it can."""
        for count in range(10):
            async with open_bank(replay_slice_events=1) as bank:
                await fill(bank)
                onlookers = onlookers_of(bank)
                pages = onlookers.pages()
                asking = asyncio.create_task(pages.page(asked(position=5)))
                await turns(count)
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                for position in (5, 4):
                    page = await pages.page(asked(order="balance", position=position))
                    assert [values[2] for values in page.rows] == list(range(1, position + 1))
                assert onlookers.crowd.count == 0


class TestOverASocket:
    """As those who attach get them."""

    @scene
    async def test_questions_and_frames(self, tmp_path: Path) -> None:
        """Pages are answers, and parts of frames; what fails says why."""
        async with open_bank(tmp_path / "bank", Page, Texts, monitor=True) as bank:
            await fill(bank)
            await bank.send(Write(name="hostile", text="hostile"))
            async with await attach(tmp_path / "bank") as attached:
                page = await attached.ask(asked(order="balance", descending=True, limit=1))
                assert page.rows == (("a-5", "a", 5),)  # type: ignore[union-attr]
                then = await attached.ask(asked(filter="balance>1", position=3))
                assert [values[2] for values in then.rows] == [2, 3]  # type: ignore[union-attr]
                with pytest.raises(Unanswered, match="there is no view 'Nothing'") as refused:
                    await attached.ask(asked("Nothing"))
                assert refused.value.error == "Invalid"
                attached.watch(Wanted(rows=asked("Texts", filter="app.bell")))
                async for frame in attached.frames():
                    if frame.rows is not None and frame.rows.looked_at:
                        assert frame.rows.rows[0][0] == "hostile"
                        break
                    assert frame.rows_failure is None
                attached.watch(Wanted(rows=asked("Texts", order="colour")))
                async for frame in attached.frames():
                    if frame.rows_failure is not None:
                        assert frame.rows_failure.startswith("there is no field 'colour' to order by")
                        break
