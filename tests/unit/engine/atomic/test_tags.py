"""Tags and conditions: a rule over several aggregates' events, kept by the one writer."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from actum import (
    Aggregate,
    Command,
    Condition,
    Conflict,
    Engine,
    Envelope,
    Event,
    Invalid,
    MemoryLog,
    Options,
    Receipt,
    Rejected,
    StoreFull,
    decide,
    evolve,
    upcast,
)
from actum.atomic.tags import TagIndex
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bank import open_bank
from tests.support.logs import FaultyLog
from tests.support.scenes import scene, turns, until


class Book(Command):
    """Book a seat: two events if it is asked for with a note."""

    booking_id: str
    show_id: str
    seat: int
    note: str | None = None


class BookSlowly(Command):
    """The same, after a service has said so."""

    booking_id: str
    show_id: str
    seat: int


class SeatBooked(Event, tags=["show_id", "seat"]):
    """It is taken."""

    booking_id: str
    show_id: str
    seat: int


class NoteWritten(Event, tags=["note"]):
    """Somebody wrote something."""

    booking_id: str
    note: str | None


class OldSeatBooked(Event, tag="OldSeatBooked"):
    """As it was once written."""

    booking_id: str
    place: str


class Till:
    """Lets slow bookings wait."""

    def __init__(self) -> None:
        """Open."""
        self.asked = 0
        self.free = asyncio.Event()
        self.free.set()

    async def pay(self) -> None:
        """When it is open."""
        self.asked += 1
        await self.free.wait()


class Booking(Aggregate, key="booking_id"):
    """One booking."""

    seats: int = 0

    @decide
    def book(self, command: Book) -> Iterator[Event]:
        """Seats have positive numbers; more is not known here."""
        if command.seat <= 0:
            raise Rejected("no such seat")
        yield SeatBooked(booking_id=command.booking_id, show_id=command.show_id, seat=command.seat)
        if command.note is not None:
            yield NoteWritten(booking_id=command.booking_id, note=command.note or None)

    @decide
    async def book_slowly(self, command: BookSlowly, till: Till) -> SeatBooked:
        """When it is paid."""
        await till.pay()
        return SeatBooked(booking_id=command.booking_id, show_id=command.show_id, seat=command.seat)

    @evolve
    def booked(self, event: SeatBooked) -> None:
        """One more."""
        self.seats += 1

    @evolve
    def written(self, event: NoteWritten) -> None:
        """Nothing."""


@upcast
def seat_of_place(event: OldSeatBooked) -> SeatBooked:
    """A place was a show and a seat."""
    show_id, _, seat = event.place.partition("/")
    return SeatBooked(booking_id=event.booking_id, show_id=show_id, seat=int(seat))


def theatre(store: Any = None, *, till: Till | None = None, **options: Any) -> Engine:
    """An engine with bookings."""
    chosen = Options(gc_policy="none", gate_seconds=0.0005, durability="relaxed", ballast_bytes=0, **options)
    return Engine.open(
        store or MemoryLog(), Booking, services=[till or Till()], upcasters=[seat_of_place], options=chosen
    )


def book(booking_id: str, seat: int, show_id: str = "s1", note: str | None = None) -> Book:
    """A booking of a seat."""
    return Book(booking_id=booking_id, show_id=show_id, seat=seat, note=note)


def free(seat: int, show_id: str = "s1", after: int = 0) -> Condition:
    """That a seat is free."""
    return Condition(events=[SeatBooked], tags={"show_id": show_id, "seat": seat}, after=after)


def made(fields: list[str], tags: Any) -> type[Event]:
    """An event class with some fields and tags."""
    names = {"__annotations__": dict.fromkeys(fields, int)}
    return cast("type[Event]", types.new_class("Made", (Event,), {"tags": tags}, lambda body: body.update(names)))


class TestConditions:
    """What they exclude."""

    @scene
    async def test_a_seat_is_booked_once(self) -> None:
        """Whichever aggregate books it; other seats and other shows are not concerned."""
        async with theatre() as engine:
            first = await engine.send(book("b1", 4), unless=free(4))
            with pytest.raises(
                Conflict, match=r"SeatBooked with these tags \(show_id, seat\) stands at position 1"
            ) as caught:
                await engine.send(book("b2", 4), unless=free(4))
            assert (caught.value.position, caught.value.version) == (first.position, 0)
            await engine.send(book("b2", 5), unless=free(5))
            await engine.send(book("b3", 4, show_id="s2"), unless=free(4, show_id="s2"))
            assert (await engine.send(book("b4", 4), unless=free(4, after=first.position))).version == 1
            assert engine.statistics().position == 4

    @scene
    async def test_some_tags_all_tags_no_tags(self) -> None:
        """An event has to have all tags of the condition; of several types one is enough."""
        async with theatre() as engine:
            await engine.send(book("b1", 4, note="window"))
            excluded: list[tuple[Any, dict[str, Any], bool]] = [
                ([SeatBooked], {}, True),
                ([SeatBooked], {"show_id": "s1"}, True),
                ([SeatBooked], {"seat": 4}, True),
                ([SeatBooked], {"seat": "4"}, True),
                ([SeatBooked], {"seat": 4, "show_id": "s2"}, False),
                ([SeatBooked], {"seat": 5, "show_id": "s1"}, False),
                ([NoteWritten], {"note": "window"}, True),
                ([NoteWritten], {"note": "aisle"}, False),
                ([SeatBooked, NoteWritten], {}, True),
            ]
            for events, tags, is_there in excluded:
                condition = Condition(events=events, tags=tags)
                if is_there:
                    with pytest.raises(Conflict):
                        await engine.send(book("b2", 9), unless=condition)
                else:
                    await engine.send(book("b3", 9, show_id="s9"), unless=condition)

    @scene
    async def test_an_event_without_a_value_has_not_that_tag(self) -> None:
        """None is no value, also not the text."""
        async with theatre() as engine:
            await engine.send(book("b1", 4, note=""))
            await engine.send(book("b2", 4), unless=Condition(events=[NoteWritten], tags={"note": "None"}))
            with pytest.raises(Conflict):
                await engine.send(book("b2", 4), unless=Condition(events=[NoteWritten]))

    @scene
    async def test_what_is_being_written_counts(self) -> None:
        """Of many that want one seat at the same moment one gets it, though nothing is durable yet."""
        log = FaultyLog(MemoryLog())
        async with theatre(log) as engine:
            log.hold()
            sends = [asyncio.create_task(engine.send(book(f"b{number}", 4), unless=free(4))) for number in range(20)]
            await until(log.arrived.is_set)
            sends += [asyncio.create_task(engine.send(book(f"c{number}", 4), unless=free(4))) for number in range(20)]
            await turns()
            log.release()
            outcomes = await asyncio.gather(*sends, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [Receipt] + [Conflict] * 39

    @scene
    async def test_what_is_lost_does_not_count(self) -> None:
        """After a full disk the seat is free again."""
        log = FaultyLog(MemoryLog())
        async with theatre(log) as engine:
            log.fail(StoreFull("no space left"))
            with pytest.raises(StoreFull):
                await engine.send(book("b1", 4), unless=free(4))
            assert (await engine.send(book("b2", 4), unless=free(4))).position == 1
            with pytest.raises(Conflict):
                await engine.send(book("b1", 4), unless=free(4))

    @scene
    @pytest.mark.parametrize("whole", [False, True])
    async def test_a_conflict_is_told_when_what_it_names_is_durable(self, *, whole: bool) -> None:
        """Whoever is refused because of an event that is being written waits for it, and hears of its loss."""
        log = FaultyLog(MemoryLog())

        async def refused(engine: Engine) -> object:
            if whole:
                envelopes = [Envelope(command=book(name, 4), unless=free(4)) for name in ("b2", "b3")]
                return await engine.send_atomic(envelopes)
            return await engine.send(book("b2", 4), unless=free(4))

        async with theatre(log) as engine:
            for error in (StoreFull("no space left"), None):
                log.hold()
                if error is not None:
                    log.fail(error)
                first = asyncio.create_task(engine.send(book("b1", 4), unless=free(4)))
                await until(log.arrived.is_set)
                second = asyncio.create_task(refused(engine))
                await turns()
                assert not second.done()
                log.release()
                told = await asyncio.gather(first, second, return_exceptions=True)
                assert [type(one) for one in told] == ([Receipt, Conflict] if error is None else [StoreFull] * 2)

    @scene
    async def test_a_slow_decision_is_checked_again(self) -> None:
        """The seat was free when it began, and is not when its events would be written."""
        till = Till()
        async with theatre(till=till) as engine:
            till.free.clear()
            slow = asyncio.create_task(engine.send(BookSlowly(booking_id="b1", show_id="s1", seat=4), unless=free(4)))
            whole = asyncio.create_task(
                engine.send_atomic(
                    [book("b3", 1), Envelope(command=BookSlowly(booking_id="b2", show_id="s1", seat=4), unless=free(4))]
                )
            )
            await until(lambda: till.asked == 2)
            await engine.send(book("b4", 4), unless=free(4))
            till.free.set()
            with pytest.raises(Conflict):
                await slow
            with pytest.raises(Conflict) as caught:
                await whole
            assert caught.value.command_index == 1
            assert engine.statistics().position == 1

    @scene
    async def test_a_condition_of_one_command_among_several(self) -> None:
        """It is about what was there before: the other commands of its own send don't count."""
        async with theatre() as engine:
            both = [Envelope(command=book(name, 4), unless=free(4)) for name in ("b1", "b2")]
            assert len(await engine.send_atomic(both)) == 2
            with pytest.raises(Conflict) as caught:
                await engine.send_atomic([book("b3", 5), *both])
            assert caught.value.command_index == 1
            await engine.send(book("b3", 5), unless=free(5))

    @scene
    async def test_a_retry_gets_its_first_receipt(self) -> None:
        """Its own event does not stand against it."""
        async with theatre() as engine:
            first = await engine.send(book("b1", 4), command_id="x", unless=free(4))
            assert await engine.send(book("b1", 4), command_id="x", unless=free(4)) == first

    @scene
    async def test_a_batch_without_room(self) -> None:
        """A decision that has to wait for room is checked again when there is some."""
        log = FaultyLog(MemoryLog())
        async with theatre(log, frame_events_max=2) as engine:
            log.hold()
            sends = [asyncio.create_task(engine.send(book("a", 1)))]
            await until(log.arrived.is_set)
            for name in ("b", "c", "d"):
                sends.append(asyncio.create_task(engine.send(book(name, 4, note="x"), unless=free(4))))
                await turns(2)
            log.release()
            outcomes = await asyncio.gather(*sends, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt, Conflict, Conflict]


class TestArguments:
    """What is refused with a sentence."""

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"events": []}, "give a list of event classes"),
            ({"events": SeatBooked}, "give a list of event classes"),
            ({"events": [Book]}, "is no event class"),
            (
                {"events": [OldSeatBooked]},
                r"OldSeatBooked has no tags: its tags are none; say `class OldSeatBooked\(Event",
            ),
            ({"events": [SeatBooked], "tags": {"row": 1}}, "SeatBooked has no 'row': its tags are show_id, seat"),
            ({"events": [SeatBooked], "tags": ["seat"]}, "give a dict"),
            ({"events": [SeatBooked], "tags": {"seat": None}}, "give a value of SeatBooked.seat, or its text"),
            ({"events": [SeatBooked], "after": -1}, "is not a position"),
            ({"events": [SeatBooked], "after": "1"}, "is not a position"),
        ],
    )
    def test_conditions_are_checked_when_they_are_made(self, given: dict[str, Any], message: str) -> None:
        """Naming what is wrong."""
        with pytest.raises(Invalid, match=message):
            Condition(**given)

    def test_tags_are_checked_when_the_class_is_made(self) -> None:
        """They are fields, and few."""
        with pytest.raises(TypeError, match="has no field 'row'"):
            made(["seat"], ["row"])
        with pytest.raises(TypeError, match=r"write tags=\['seat'\]"):
            made(["seat"], "seat")
        with pytest.raises(TypeError, match="4 tags, 3 are allowed"):
            made(list("abcd"), list("abcd"))

    @scene
    async def test_a_position_that_is_not_there_yet_is_a_mistake(self) -> None:
        """Of another store, say; the condition would let everything pass."""
        async with theatre() as engine:
            position = (await engine.send(book("b1", 4))).position
            with pytest.raises(Invalid, match="after=2 is behind the end of the log, 1"):
                await engine.send(book("b2", 4), unless=free(4, after=position + 1))
            await engine.send(book("b2", 4), unless=free(4, after=position))

    @scene
    async def test_what_an_engine_does_not_know(self) -> None:
        """Something else than a condition; a type that is none of its events, with and without tagged ones."""
        async with theatre() as engine, open_bank() as bank:
            with pytest.raises(Invalid, match="unless=7 is not a condition"):
                await engine.send(book("b1", 4), unless=7)  # type: ignore[arg-type]
            with pytest.raises(Invalid, match="Made has no tags in this engine"):
                await engine.send(book("b1", 4), unless=Condition(events=[made(["seat"], ["seat"])]))
            assert bank._core.tags is None  # type: ignore[union-attr]
            assert repr(free(4)) == "<Condition no SeatBooked with seat, show_id after 0>"


class TestOpening:
    """The index is a function of the log."""

    @scene
    async def test_it_is_read_again(self, tmp_path: Path) -> None:
        """From checkpoint and log; also of types that were written by another name or as something older."""
        async with theatre(tmp_path / "theatre") as engine:
            for number in range(1, 30):
                await engine.send(book(f"b{number}", number, show_id=f"s{number % 3}", note="x" * (number % 2)))
            await engine.checkpoint()
            await engine.send(book("last", 40))
            entries = len(tags_of(engine).durable)
        async with theatre(tmp_path / "theatre", replay_slice_events=2) as engine:
            assert len(tags_of(engine).durable) == entries
            for number in range(1, 30):
                with pytest.raises(Conflict):
                    await engine.send(book("again", number), unless=free(number, show_id=f"s{number % 3}"))
            with pytest.raises(Conflict):
                await engine.send(book("again", 40), unless=free(40))
            assert repr(tags_of(engine)) == f"<TagIndex 2 types {entries} entries>"

    @scene
    async def test_upcast_events_have_today_s_tags(self) -> None:
        """What an old type means today is what a condition finds."""

        class OldBook(Command):
            booking_id: str
            place: str

        class OldBooking(Aggregate, key="booking_id", name="Booking"):
            seats: int = 0

            @decide
            def book(self, command: OldBook) -> OldSeatBooked:
                return OldSeatBooked(booking_id=command.booking_id, place=command.place)

            @evolve
            def booked(self, event: OldSeatBooked) -> None:
                self.seats += 1

        globals().update(OldBook=OldBook)
        log = MemoryLog()
        async with Engine.open(log, OldBooking) as engine:
            await engine.send(OldBook(booking_id="b1", place="s1/4"))
        async with theatre(log.reopen()) as engine:
            with pytest.raises(Conflict):
                await engine.send(book("b2", 4), unless=free(4))
            await engine.send(book("b2", 5), unless=free(5))

    @scene
    async def test_a_reader_has_none(self, tmp_path: Path) -> None:
        """It takes no commands."""
        async with theatre(tmp_path / "theatre") as engine:
            await engine.send(book("b1", 4))
        async with Engine.open(tmp_path / "theatre", Booking, upcasters=[seat_of_place], read_only=True) as reader:
            assert reader._core.tags is None  # type: ignore[union-attr]


def tags_of(engine: Engine) -> TagIndex:
    """The index of an engine."""
    assert engine._core is not None
    assert engine._core.tags is not None
    return engine._core.tags


seats = st.integers(1, 3)
shows = st.sampled_from(["s1", "s2"])
wishes = st.tuples(
    st.sampled_from(["b1", "b2", "b3"]),
    seats,
    shows,
    st.fixed_dictionaries({}, optional={"seat": seats, "show_id": shows}),
    st.integers(0, 6),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(wishes, max_size=6), max_size=6), st.sets(st.integers(1, 5), max_size=2))
def test_conditions_against_a_list(rounds: list[list[Any]], losses: set[int]) -> None:
    """Rounds of commands sent together, some lost to a full disk: refused is what the list of events excludes."""

    async def play() -> None:
        log = FaultyLog(MemoryLog())
        async with theatre(log) as engine:
            written: list[tuple[int, str]] = []
            for number, wished in enumerate(rounds):
                if number in losses:
                    log.fail(StoreFull("no space left"))
                before = list(written)
                sends = [
                    engine.send(book(name, seat, show), unless=Condition(events=[SeatBooked], tags=tags, after=after))
                    for name, seat, show, tags, after in wished
                ]
                outcomes = await asyncio.gather(*sends, return_exceptions=True)
                log.clear()
                if any(isinstance(outcome, StoreFull) for outcome in outcomes):
                    assert written == before
                    continue
                taken = sorted(
                    (outcome.position, index) for index, outcome in enumerate(outcomes) if isinstance(outcome, Receipt)
                )
                for _, index in taken:
                    _, seat, show, tags, after = wished[index]
                    assert not is_excluded(written, tags, after)
                    written.append((seat, show))
                for index, outcome in enumerate(outcomes):
                    if isinstance(outcome, Invalid):
                        assert wished[index][4] > len(before), "only what is not there yet is behind the end"
                    else:
                        assert isinstance(outcome, Receipt) or is_excluded(written, *wished[index][3:])
            assert engine.statistics().position == len(written)

    asyncio.run(play())


def is_excluded(written: list[tuple[int, str]], tags: dict[str, Any], after: int) -> bool:
    """Whether a booking with these tags stands behind a position."""
    return any(
        position > after and tags.get("seat", seat) == seat and tags.get("show_id", show) == show
        for position, (seat, show) in enumerate(written, 1)
    )
