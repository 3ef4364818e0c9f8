"""What is done to an engine from outside: whether it may be, what comes of it, and what is written of it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from actum import (
    ActumError,
    CommandFailed,
    Deadlines,
    Engine,
    Invalid,
    Quarantined,
    ReadOnly,
    StoreFull,
    ViewBroken,
)
from actum.monitor.actions import act, ordinal, sentence_of
from actum.monitor.requests import (
    ActionDone,
    Checkpoint,
    Rebuild,
    Release,
    RetryDeadLetter,
    RetryDeadline,
    RetryProcess,
)

from tests.support import fragile
from tests.support.bank import Deposit, Withdraw, open_bank
from tests.support.fragile import Do, open_fragile
from tests.support.fulfilment import Order, OrderShipped
from tests.support.scenes import scene, until
from tests.support.troubled import MENDED, Mailer, fill_troubled, open_troubled, quiet

if TYPE_CHECKING:
    from pathlib import Path

    from actum.monitor.requests import Action

WHO = "process 7 of user 1000"
EVERY: list[Action] = [
    Rebuild("Balances"),
    Checkpoint(),
    RetryProcess("Courier", "failed"),
    RetryDeadLetter("mailer", 7),
    RetryDeadline("d"),
    Release("Account", "ann"),
]


async def done(engine: Engine, action: Action, **given: Any) -> ActionDone:
    """What comes of it in an engine that takes actions."""
    assert engine._core is not None
    return await act(engine._core, action, **{"admin": True, "who": WHO, **given})


@pytest.mark.parametrize("action", EVERY, ids=lambda action: type(action).__name__)
def test_nothing_is_done_without_admin(action: Action, caplog: pytest.LogCaptureFixture) -> None:
    """It is refused with a sentence that says how to allow it, and who wanted what is written down."""

    @scene
    async def play() -> None:
        async with open_bank() as bank:
            with pytest.raises(ReadOnly, match=r"takes no actions from outside, .* admin=True"):
                await done(bank, action, admin=False)

    play()
    (line,) = [record for record in caplog.records if record.name == "actum.monitor"]
    assert line.getMessage() == f"{WHO} wanted to {sentence_of(action)}: refused"
    assert line.__dict__["actum_event"] == "action refused"
    assert line.__dict__["actum_who"] == WHO


@scene
async def test_a_view_is_rebuilt(caplog: pytest.LogCaptureFixture) -> None:
    """A broken one is healed; who asks is told how far it is; who did it is written down."""
    told: list[tuple[int, int]] = []
    async with open_fragile() as engine:
        fragile.VIEW_FAILS_ON = "hard"
        try:
            await engine.send(Do(key="a", how="hard"))
            with pytest.raises(ViewBroken):
                await done(engine, Rebuild("FragmentView"))
        finally:
            fragile.VIEW_FAILS_ON = ""
        with caplog.at_level(logging.INFO, "actum.monitor"):
            answer = await done(engine, Rebuild("FragmentView"), told=lambda one, whole: told.append((one, whole)))
        assert answer.message.startswith("FragmentView is rebuilt as of position 1: 1 rows in 0.")
        assert answer.well
        assert told[0][1] == 1
        with pytest.raises(Invalid, match=r"view='Nobody' is no view of this engine: it has Activities, Balances"):
            await done(engine, Rebuild("Nobody"))
    said = [(record.__dict__["actum_event"], record.__dict__["actum_view"]) for record in caplog.records[-3:]]
    assert said == [("action begun", "FragmentView"), ("action done", "FragmentView"), ("action failed", "Nobody")]


@scene
async def test_a_rebuild_is_given_up_by_cancelling(caplog: pytest.LogCaptureFixture) -> None:
    """The served rows stay, and it can be asked for again."""
    async with open_bank(replay_slice_events=1) as bank:
        await bank.send_many([Deposit(account_id=str(number), amount=1) for number in range(100)])
        asking = asyncio.create_task(done(bank, Rebuild("Balances")))
        await until(lambda: bank.statistics().views[0].rebuild or bank.statistics().views[0].state == "rebuilding")
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await done(bank, Rebuild("Balances"))).well
    assert [record.__dict__["actum_event"] for record in caplog.records] == ["action left"]


@scene
async def test_a_checkpoint_is_saved(tmp_path: Path) -> None:
    """With its position; an engine without a directory says that it can't; a failure says why."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="ann", amount=1))
        answer = await done(bank, Checkpoint())
        assert answer.message.startswith("a checkpoint is saved as of position 1, in ")
        assert bank.statistics().checkpoints.position == 1  # type: ignore[union-attr]
        core = bank._core
        assert core is not None
        assert core.checkpointer is not None

        async def full(*_: object, **__: object) -> None:
            raise StoreFull("no space")

        core.checkpointer._write = full  # type: ignore[method-assign,assignment]
        with pytest.raises(CommandFailed, match="nothing but a slower opening: StoreFull: no space"):
            await done(bank, Checkpoint())
    async with open_bank() as bank:
        with pytest.raises(Invalid, match="it has no directory"):
            await done(bank, Checkpoint())


@scene
async def test_a_failed_instance_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails again, or goes on; what is not there, or has not failed, is named."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop", automatic=False) as shop:
        again = await done(shop, RetryProcess("Courier", "failed"))
        assert not again.well
        assert "Courier/failed failed again at position" in again.message
        assert again.message.endswith("ZeroDivisionError: a bug")
        monkeypatch.setenv(MENDED, "yes")
        assert (await done(shop, RetryProcess("Courier", "failed"))) == ActionDone("Courier/failed goes on")
        assert type((await shop.history(Order, "failed"))[-1].event) is OrderShipped
        with pytest.raises(Invalid, match="no Courier of this key has failed"):
            await done(shop, RetryProcess("Courier", "nobody"))
        with pytest.raises(Invalid, match=r"process='Nobody' is no process of this engine: it has Courier, Fulfilment"):
            await done(shop, RetryProcess("Nobody", "x"))


@scene
async def test_a_dead_letter_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails once more, or is gone."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop") as shop:
        await quiet(shop)
        (letter,) = shop.subscription(Mailer).dead_letters()
        again = await done(shop, RetryDeadLetter("mailer", letter.position))
        assert not again.well
        assert "failed again, for the 2nd time: ValueError: no such letter" in again.message
        monkeypatch.setenv(MENDED, "yes")
        good = await done(shop, RetryDeadLetter("mailer", letter.position))
        assert good.message == f"mailer has handled the event at position {letter.position}"
        assert shop.subscription(Mailer).dead_letters() == []
        with pytest.raises(Invalid, match="has no dead letter at position"):
            await done(shop, RetryDeadLetter("mailer", letter.position))
        with pytest.raises(Invalid, match=r"subscription='x' does not run in this engine: it has mailer"):
            await done(shop, RetryDeadLetter("x", 1))


@scene
async def test_a_refused_deadline_is_retried() -> None:
    """At once; one that was not refused is named."""
    async with open_bank(None, Deadlines) as bank:
        await bank.schedule(Withdraw(account_id="ann", amount=5), after=0, deadline_id="d")
        await until(lambda: [one.state for one in bank.deadlines()] == ["failed"])
        await bank.send(Deposit(account_id="ann", amount=7))
        answer = await done(bank, RetryDeadline("d"))
        assert answer.message == "Withdraw is sent again now; should it be refused again, it is listed again"
        await until(lambda: not bank.deadlines())
        with pytest.raises(Invalid, match="no deadline of this id has failed"):
            await done(bank, RetryDeadline("d"))
    async with open_bank() as bank:
        with pytest.raises(Invalid, match="this engine has no deadlines"):
            await done(bank, RetryDeadline("d"))


@scene
async def test_an_aggregate_is_released() -> None:
    """It takes commands again; one that is not in quarantine is named."""
    async with open_fragile(quarantine_failures_max=1) as engine:
        with pytest.raises(CommandFailed):
            await engine.send(Do(key="a", how="badly"))
        with pytest.raises(Quarantined):
            await engine.send(Do(key="a"))
        assert (await done(engine, Release("Fragile", "a"))).message == "Fragile/a takes commands again"
        await engine.send(Do(key="a"))
        for key in ("a", "nobody"):
            with pytest.raises(Invalid, match=f"Fragile/{key} is not in quarantine"):
                await done(engine, Release("Fragile", key))
        with pytest.raises(Invalid, match=r"aggregate='Nobody' is none of this engine: it has Account, Fragile"):
            await done(engine, Release("Nobody", "a"))


@scene
async def test_what_only_reads_sends_nothing(tmp_path: Path) -> None:
    """It says so, whatever `admin` says."""
    await fill_troubled(tmp_path / "shop")
    from tests.support.troubled import SHOP  # noqa: PLC0415

    async with Engine.open(tmp_path / "shop", *SHOP.components, read_only=True) as reader:
        for action in (RetryProcess("Courier", "failed"), RetryDeadline("refused")):
            with pytest.raises(ReadOnly, match="takes no commands"):
                await done(reader, action)
        with pytest.raises(Invalid, match="or only reads"):
            await done(reader, Checkpoint())


@scene
async def test_a_bug_is_a_sentence() -> None:
    """Whatever is raised reaches who asked as an error of actum."""
    async with open_bank() as bank:
        core = bank._core
        assert core is not None
        core.rebuilder.rebuild = None  # type: ignore[method-assign,assignment]
        with pytest.raises(ActumError, match="it could not rebuild the view Balances: TypeError"):
            await done(bank, Rebuild("Balances"))


def test_which_time_it_is() -> None:
    """As people write it."""
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102, 1111)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "1,111th"),
    ]
