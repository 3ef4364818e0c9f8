"""Middleware: wraps `send`, from the outermost to the engine."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec
import pytest
from actum import CommandTimeout, Engine, Envelope, MemoryLog, Middleware, Receipt, Rejected, Send

from tests.support.bank import Account, AllBalances, Balances, Deposit, HeldAssessor
from tests.support.scenes import scene, until

SOME_ID = UUID("12345678-1234-4234-8234-123456789abc")


def bank(*middleware: Middleware) -> Engine:
    """A bank behind middleware."""
    return Engine.open(MemoryLog(), Account, Balances, services=[HeldAssessor()], middleware=middleware)


@scene
async def test_the_first_one_given_is_the_outermost() -> None:
    """On the way in it comes first, on the way out last."""
    seen: list[str] = []

    def layer(name: str) -> Middleware:
        async def through(envelope: Envelope, send: Send) -> Receipt:
            seen.append(f"{name} in")
            receipt = await send(envelope)
            seen.append(f"{name} out")
            return receipt

        return through

    async with bank(layer("a"), layer("b")) as engine:
        await engine.send(Deposit(account_id="ann", amount=1))
    assert seen == ["a in", "b in", "b out", "a out"]


@scene
async def test_an_envelope_holds_what_was_said_beside_the_command() -> None:
    """Every parameter of `send` but the timeout, as given."""
    seen: list[Envelope] = []

    async def note(envelope: Envelope, send: Send) -> Receipt:
        seen.append(envelope)
        return await send(envelope)

    command = Deposit(account_id="ann", amount=1)
    async with bank(note) as engine:
        await engine.send(
            command,
            command_id=SOME_ID,
            user_id="u",
            correlation_id="c",
            causation_id="d",
            expected_version=0,
            timeout=9,
        )
        (record,) = await engine.history(Account, "ann")
    assert seen == [
        Envelope(
            command=command, command_id=SOME_ID, user_id="u", correlation_id="c", causation_id="d", expected_version=0
        )
    ]
    assert (record.command_id, record.user_id, record.correlation_id, record.causation_id) == (SOME_ID, "u", "c", "d")


@scene
async def test_it_may_change_the_command_and_what_is_beside_it() -> None:
    """The engine gets what the innermost one passes on."""

    async def double(envelope: Envelope, send: Send) -> Receipt:
        command = envelope.command
        assert isinstance(command, Deposit)
        changed = command.replace(amount=2 * command.amount)
        return await send(msgspec.structs.replace(envelope, command=changed, user_id="double"))

    async with bank(double) as engine:
        await engine.send(Deposit(account_id="ann", amount=4))
        assert await engine.ask(AllBalances()) == {"ann": 8}
        assert (await engine.history(Account, "ann"))[0].user_id == "double"


@scene
async def test_it_may_refuse_and_it_sees_the_error() -> None:
    """A refusal reaches the caller and nothing is written; the actor's errors pass through."""
    seen: list[str] = []

    async def guard(envelope: Envelope, send: Send) -> Receipt:
        if envelope.user_id is None:
            raise Rejected("who are you?")
        try:
            return await send(envelope)
        except Rejected as error:
            seen.append(str(error))
            raise

    async with bank(guard) as engine:
        with pytest.raises(Rejected, match="who are you"):
            await engine.send(Deposit(account_id="ann", amount=1))
        with pytest.raises(Rejected, match="must be positive"):
            await engine.send(Deposit(account_id="ann", amount=0), user_id="ann")
        assert await engine.history(Account, "ann") == []
    assert seen == ["amount must be positive"]


@scene
async def test_send_many_goes_through_it_too() -> None:
    """Each command in an envelope of its own; errors that are actum's are answers, in the order of the commands."""
    seen: list[int] = []

    async def note(envelope: Envelope, send: Send) -> Receipt:
        assert isinstance(envelope.command, Deposit)
        seen.append(envelope.command.amount)
        return await send(envelope)

    async with bank(note) as engine:
        one, two, three = await engine.send_many([Deposit(account_id="ann", amount=amount) for amount in (1, 0, 3)])
    assert seen == [1, 0, 3]
    assert isinstance(one, Receipt)
    assert isinstance(two, Rejected)
    assert isinstance(three, Receipt)
    assert (one.version, three.version) == (1, 2)


@scene
async def test_its_own_bug_comes_out_of_send_many() -> None:
    """What is not one of actum's errors is not an answer."""

    async def broken(envelope: Envelope, send: Send) -> Receipt:
        raise ZeroDivisionError

    async with bank(broken) as engine:
        with pytest.raises(ZeroDivisionError):
            await engine.send_many([Deposit(account_id="ann", amount=1)])


@scene
async def test_the_timeout_covers_the_middleware() -> None:
    """A middleware that waits too long is given up like an actor that does."""
    reached = asyncio.Event()

    async def wait(envelope: Envelope, send: Send) -> Receipt:
        reached.set()
        await asyncio.Event().wait()
        return await send(envelope)

    async with bank(wait) as engine:
        with pytest.raises(CommandTimeout, match="no answer to Deposit"):
            await engine.send(Deposit(account_id="ann", amount=1), timeout=0.001)
        await until(reached.is_set)
        assert await engine.history(Account, "ann") == []
