"""What the engine sends by itself: with the user's commands as one, past the middleware, again while it is full."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from actum import Deadlines, Invalid, Overloaded, Receipt, Rejected, StoreFull
from actum.automation.own_sends import send_one, send_with, until_there_is_room
from actum.deadlines.stream import ScheduleDeadline
from actum.middleware import Envelope, Send

from tests.simulation.loop import VirtualLoop
from tests.support.bank import Account, Deposit, Withdraw, open_bank
from tests.support.scenes import scene

OWN = ScheduleDeadline(deadline_id="d", due_ns=2**62, command="Deposit", arguments={"account_id": "ann", "amount": 1})


@scene
async def test_own_commands_and_the_users_are_one() -> None:
    """All of it, or nothing; which of the user's commands failed is counted without the engine's own."""
    async with open_bank(None, Deadlines) as bank:
        core = bank._open_core()
        good, bad = (
            Envelope(command=Deposit(account_id="ann", amount=5)),
            Envelope(command=Withdraw(account_id="bob", amount=1)),
        )
        with pytest.raises(Rejected) as caught:
            await send_with(core, [OWN], [good, bad], bytes(16))
        assert caught.value.command_index == 1
        assert (bank.deadlines(), await bank.history(Account, "ann")) == ([], [])
        await send_with(core, [OWN], [good], bytes(16))
        assert ([one.deadline_id for one in bank.deadlines()], (await bank.state(Account, "ann")).balance) == (["d"], 5)
        (receipt,) = [await send_one(core, OWN)]
        assert receipt.version == 2


@scene
async def test_a_failing_command_of_the_engine_counts_below_zero() -> None:
    """So that nobody takes it for one of the user's."""
    async with open_bank(None, Deadlines) as bank:
        wrong = ScheduleDeadline(deadline_id="", due_ns=0, command="Deposit", arguments={})
        with pytest.raises(Invalid) as caught:
            await send_with(
                bank._open_core(), [wrong], [Envelope(command=Deposit(account_id="ann", amount=5))], bytes(16)
            )
        assert caught.value.command_index == -1


@scene
async def test_middleware_sees_the_users_commands_alone() -> None:
    """Not the engine's own, and nothing where there are only those."""
    seen: list[str] = []

    async def noting(envelope: Envelope, send: Send) -> Receipt:
        seen.append(type(envelope.command).__name__)
        return await send(envelope)

    async with open_bank(None, Deadlines) as bank:
        core = bank._open_core()
        core.middleware = [noting]
        await send_with(core, [OWN], [], bytes(16))
        assert seen == []
        await send_with(core, [OWN], [Envelope(command=Deposit(account_id="ann", amount=5))], bytes([1] * 16))
        assert seen == ["Deposit"]


def test_it_waits_longer_each_time_while_the_engine_is_full() -> None:
    """On virtual time: 0.05 s, then twice as long each time, half a minute at most; each refusal is told."""
    loop, times, told = VirtualLoop(), list[float](), list[str]()
    errors = itertools.chain(
        [StoreFull("the disk"), Overloaded("the mailbox", retry_after_seconds=1)], itertools.repeat(StoreFull("x"), 11)
    )

    async def send() -> str:
        times.append(loop.time())
        for error in errors:
            raise error
        return "done"

    async def main() -> str:
        return await until_there_is_room(send, lambda error: told.append(type(error).__name__))

    assert loop.run_until_complete(asyncio.wait_for(main(), 3600)) == "done"
    loop.close()
    waits = [after - before for before, after in itertools.pairwise(times)]
    assert waits == pytest.approx([0.05 * 2**number for number in range(10)] + [30, 30, 30], rel=0.05)
    assert (told[:2], len(told)) == (["StoreFull", "Overloaded"], 13)


@scene
async def test_another_error_ends_it_at_once() -> None:
    """What is refused is not tried again."""
    attempts = 0

    async def send() -> None:
        nonlocal attempts
        attempts += 1
        raise Rejected("no")

    with pytest.raises(Rejected):
        await until_there_is_room(send, lambda _: None)
    assert attempts == 1
