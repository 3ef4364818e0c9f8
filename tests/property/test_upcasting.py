"""Old events mean today what the upcasters say: live, replayed, from a checkpoint and its tail, and in the past."""

from __future__ import annotations

import tempfile
from typing import Any

import actum
import pytest
from actum import CatalogueError, Engine, MemoryLog, Options, StoreMismatch, upcast
from actum_storage import Log
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import evolved
from tests.support.evolved import UPCASTERS, Account, Add, OldAccount, Sums, Totals, Touched, Touches, Write

OPTIONS = Options(gc_policy="none", durability="relaxed", snapshot_events_min=1)

kinds = st.sampled_from(["paid", "moved", "pinged", "cents", "given"])
commands = st.lists(
    st.tuples(st.sampled_from("ab"), st.lists(st.tuples(kinds, st.integers(0, 50)), min_size=1, max_size=4)), max_size=8
)
Commands = list[tuple[str, list[tuple[str, int]]]]


async def write_old(store: Any, sent: Commands) -> None:
    """Have the old code write."""
    async with Engine.open(store, OldAccount, options=OPTIONS) as bank:
        for number, (key, events) in enumerate(sent):
            await bank.send(Write(key=key, events=events), command_id=f"old {number}")


def meaning(sent: Commands) -> dict[str, tuple[int, int]]:
    """The cents and the movements of each account, by what the upcasters say."""
    found: dict[str, tuple[int, int]] = {}
    for key, events in sent:
        for what, amount in events:
            cents, movements = found.get(key, (0, 0))
            match what:
                case "paid":
                    found[key] = cents + 100 * amount, movements + 1
                case "moved":
                    found[key] = cents + amount - 1, movements + 2
                case "pinged":
                    pass
                case _:
                    found[key] = cents + amount, movements + 1
    return found


def today(store: str | Log) -> Engine:
    """Today's code on it."""
    return Engine.open(store, Account, Sums, Touches, upcasters=UPCASTERS, options=OPTIONS)


async def check(bank: Engine, sent: Commands, added: int) -> None:
    """Views, states, histories and receipts say what the old events mean today."""
    expected = {key: (cents + added, movements + bool(added)) for key, (cents, movements) in meaning(sent).items()}
    rows = {row.key: (row.cents, row.movements) for row in await bank.ask(Totals())}
    assert {key: total for key, total in rows.items() if key in expected} == expected
    assert {row.key: (row.cents, row.movements) for row in await bank.ask(Touched())} == rows
    for key in {key for key, _ in sent}:
        state = await bank.state(Account, key)
        assert (state.cents, state.movements) == rows.get(key, (0, 0))
        history = await bank.history(Account, key)
        assert {type(record.event) for record in history} <= {evolved.Added, evolved.Taken}
        assert len(history) == state.movements
    for number, (_, events) in enumerate(sent):
        receipt = await bank.outcome(f"old {number}")
        assert receipt is not None
        assert {type(event) for event in receipt.events} <= {evolved.Added, evolved.Taken}
        assert receipt.version >= len(events)


@given(commands)
@settings(deadline=None)  # a hundred openings on a disk that others use too
def test_old_events_mean_what_upcasters_say(sent: Commands) -> None:
    """Replayed, with today's events behind them, from a checkpoint and its tail, and rebuilt: the same."""

    async def main() -> None:
        with tempfile.TemporaryDirectory() as directory:
            await write_old(directory + "/bank", sent)
            versions = {key: 0 for key, _ in sent}
            for key, events in sent:
                versions[key] += len(events)
            async with today(directory + "/bank") as bank:
                await check(bank, sent, 0)
            async with today(directory + "/bank") as bank:
                await check(bank, sent, 0)
                for key, version in versions.items():
                    receipt = await bank.send(Add(key=key, cents=7))
                    assert receipt.version == version + 1
                await check(bank, sent, 7)
                for view in (Sums, Touches):
                    assert (await bank.verify_view(view)).ok
            async with today(directory + "/bank") as bank:
                await check(bank, sent, 7)

    actum.run(main())


def test_a_command_of_old_events_is_known_again() -> None:
    """Sent again under its id, it has the receipt of then, in today's words."""

    async def main() -> None:
        log = MemoryLog()
        await write_old(log, [("a", [("moved", 5), ("pinged", 0), ("paid", 2)])])
        async with today(log.reopen()) as bank:
            receipt = await bank.send(Add(key="a", cents=1), command_id="old 0")
            assert (receipt.version, receipt.position) == (3, 3)
            assert receipt.events == (
                evolved.Added(key="a", cents=5),
                evolved.Taken(key="a", cents=1),
                evolved.Added(key="a", cents=200),
            )

    actum.run(main())


def test_without_upcasters_the_log_is_refused() -> None:
    """Every event type that nobody reads is named, with its first position."""

    async def main() -> None:
        log = MemoryLog()
        await write_old(log, [("a", [("paid", 1), ("moved", 2), ("given", 3)])])
        with pytest.raises(StoreMismatch, match=r"(?s)'Moved', at position 2.*'Paid', at position 1"):
            await Engine.open(log.reopen(), Account, Sums, options=OPTIONS)

    actum.run(main())


def test_an_upcaster_with_a_bug_is_named() -> None:
    """The log is not opened; the error names the upcaster and the position."""

    async def main() -> None:
        log = MemoryLog()
        await write_old(log, [("a", [("paid", 1)])])

        with pytest.raises(StoreMismatch, match="position 1 .* upcaster broken of Paid raised ZeroDivisionError: oh"):
            await Engine.open(log.reopen(), Account, Sums, upcasters=[broken], options=OPTIONS)

    actum.run(main())


@upcast
def broken(event: evolved.Paid) -> evolved.Added:
    """It has a bug."""
    raise ZeroDivisionError("oh")


def plain(event: evolved.Paid) -> evolved.Added:
    """Not marked."""
    raise NotImplementedError


@upcast
def circle(event: evolved.Paid) -> evolved.PaidInCents:
    """One half."""
    raise NotImplementedError


@upcast
def back(event: evolved.PaidInCents) -> evolved.Paid:
    """The other."""
    raise NotImplementedError


@upcast
def nowhere(event: evolved.Paid) -> evolved.Given:
    """Nobody handles what it gives."""
    raise NotImplementedError


@upcast
def no_event(event: evolved.Paid) -> int:
    """A number."""
    raise NotImplementedError


@upcast
async def later(event: evolved.Paid) -> evolved.Added:
    """Not at once."""
    raise NotImplementedError


@pytest.mark.parametrize(
    ("upcasters", "message"),
    [
        ([plain], "not a function marked @upcast"),
        ([circle, back], "becomes itself again"),
        ([circle, circle, evolved.as_added], "both take Paid"),
        ([nowhere], "which no handler takes"),
        ([no_event], "returns events, a list of them, or None"),
        ([later], "is async"),
        ([7], "not a function"),
    ],
)
def test_upcasters_that_make_no_sense(upcasters: list[Any], message: str) -> None:
    """They are refused at opening, with the fix."""
    with pytest.raises(CatalogueError, match=message):
        Engine.open(MemoryLog(), Account, Sums, upcasters=upcasters)
