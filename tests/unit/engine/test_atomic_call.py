"""What `send_atomic` takes, and how middleware sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from actum import (
    Engine,
    EngineClosed,
    Envelope,
    Invalid,
    MemoryLog,
    Middleware,
    Options,
    ReadOnly,
    Receipt,
    Rejected,
    Send,
)
from actum.atomic.ids import SEND_ATOMIC_COMMANDS_MAX

from tests.support.bank import Account, AllBalances, Balances, Deposit, HeldAssessor, Lend, Withdraw, open_bank
from tests.support.scenes import scene, turns, until


def deposit(account_id: str, amount: int = 1) -> Deposit:
    """Money in."""
    return Deposit(account_id=account_id, amount=amount)


def bank_behind(*middleware: Middleware, assessor: HeldAssessor | None = None, **options: Any) -> Engine:
    """A bank behind middleware."""
    services, chosen = [assessor or HeldAssessor()], Options(**options)
    return Engine.open(MemoryLog(), Account, Balances, services=services, middleware=middleware, options=chosen)


class TestArguments:
    """What it is given."""

    @scene
    async def test_what_is_no_list_of_commands(self) -> None:
        """A sentence for each."""
        async with open_bank() as bank:
            wrong: list[tuple[Any, str]] = [
                (None, "commands=None is not a sequence"),
                ("text", "is not a sequence"),
                ({deposit("ann")}, "is not a sequence"),
                ([deposit("ann")] * (SEND_ATOMIC_COMMANDS_MAX + 1), "1,025 commands are too many"),
                ([Deposit], "Deposit is a class"),
            ]
            for commands, message in wrong:
                with pytest.raises(Invalid, match=message):
                    await bank.send_atomic(commands)
            assert bank.statistics().pending == 0

    @scene
    async def test_what_is_said_beside_is_checked(self) -> None:
        """Ids of the whole and of an envelope; an envelope has no command id of its own."""
        async with open_bank() as bank:
            for said in ({"command_id": ""}, {"user_id": ""}, {"correlation_id": "x" * 201}, {"timeout": "soon"}):
                with pytest.raises(Invalid):
                    await bank.send_atomic([deposit("ann")], **said)  # type: ignore[arg-type]
            for envelope in (
                Envelope(command=deposit("bob"), command_id="x"),
                Envelope(command=deposit("bob"), user_id=""),
                Envelope(command=deposit("bob"), expected_version=-1),
            ):
                with pytest.raises(Invalid) as caught:
                    await bank.send_atomic([deposit("ann"), envelope])
                assert caught.value.command_index == 1
            assert await bank.ask(AllBalances()) == {}

    @scene
    async def test_as_many_as_are_allowed(self) -> None:
        """The bound is inside what works, on as many targets."""
        async with open_bank() as bank:
            receipts = await bank.send_atomic([deposit(f"a{number}") for number in range(SEND_ATOMIC_COMMANDS_MAX)])
            assert receipts[-1].position == SEND_ATOMIC_COMMANDS_MAX

    @scene
    async def test_an_engine_that_takes_no_commands(self, tmp_path: Any) -> None:
        """Closed, or read only."""
        bank = open_bank(tmp_path / "bank")
        with pytest.raises(EngineClosed):
            await bank.send_atomic([deposit("ann")])
        async with bank:
            pass
        reader = Engine.open(tmp_path / "bank", Account, Balances, read_only=True)
        async with reader:
            with pytest.raises(ReadOnly):
                await reader.send_atomic([deposit("ann")])

    @scene
    async def test_another_thread_is_refused(self) -> None:
        """As for `send`."""
        async with open_bank() as bank:
            with pytest.raises(Invalid, match="is used in the event loop that opened it"):
                await asyncio.to_thread(lambda: asyncio.run(bank.send_atomic([deposit("ann")])))


class TestMiddleware:
    """It sees each command of a send, and has its say about all."""

    @scene
    async def test_each_command_passes_through(self) -> None:
        """With what was said beside it; changed there, it is changed; the receipts come back the same way."""
        seen: list[tuple[str, Any]] = []

        async def through(envelope: Envelope, send: Send) -> Receipt:
            seen.append((envelope.command.account_id, envelope.user_id))  # type: ignore[attr-defined]
            command = envelope.command.replace(amount=10)
            receipt = await send(Envelope(command=command, user_id=envelope.user_id))
            seen.append((receipt.key, receipt.version))
            return receipt

        async with bank_behind(through) as bank:
            receipts = await bank.send_atomic(
                [deposit("ann"), Envelope(command=deposit("bob"), user_id="joe")], user_id="eve"
            )
            assert [receipt.position for receipt in receipts] == [1, 2]
            assert await bank.ask(AllBalances()) == {"ann": 10, "bob": 10}
        assert seen[:2] == [("ann", "eve"), ("bob", "joe")]
        assert sorted(seen[2:]) == [("ann", 1), ("bob", 1)]

    @scene
    async def test_what_it_refuses_is_refused_for_all(self) -> None:
        """Before anything is sent; layers around the others end as if they were cancelled."""
        ended: list[str] = []

        async def guard(envelope: Envelope, send: Send) -> Receipt:
            key: str = envelope.command.account_id  # type: ignore[attr-defined]
            try:
                if key == "bob":
                    raise Rejected("not Bob")
                return await send(envelope)
            finally:
                ended.append(key)

        async with bank_behind(guard) as bank:
            with pytest.raises(Rejected, match="not Bob") as caught:
                await bank.send_atomic([deposit("ann"), deposit("bob"), deposit("eve")])
            assert caught.value.command_index == 1
            assert sorted(ended) == ["ann", "bob", "eve"]
            assert await bank.ask(AllBalances()) == {}
            await bank.send_atomic([deposit("ann"), deposit("eve")])

    @scene
    async def test_all_layers_see_the_error(self) -> None:
        """Each command's own task raises it; one that sends again gets it again."""
        seen: list[int | None] = []

        async def stubborn(envelope: Envelope, send: Send) -> Receipt:
            try:
                return await send(envelope)
            except Rejected as error:
                seen.append(error.command_index)
                return await send(envelope)

        async with bank_behind(stubborn) as bank:
            with pytest.raises(Rejected, match="only 0 there"):
                await bank.send_atomic([deposit("ann"), Withdraw(account_id="bob", amount=1)])
            assert seen == [1, 1]
            assert await bank.ask(AllBalances()) == {}

    @scene
    async def test_what_is_about_the_whole_is_about_no_command(self) -> None:
        """Also where it comes back through the middleware of each."""

        async def through(envelope: Envelope, send: Send) -> Receipt:
            return await send(envelope)

        async with bank_behind(through, commands_pending_max=2) as bank:
            with pytest.raises(Invalid, match="never fits") as caught:
                await bank.send_atomic([deposit("ann"), deposit("bob"), deposit("eve")])
            assert caught.value.command_index is None

    @scene
    async def test_a_layer_that_does_not_send_is_refused(self) -> None:
        """The others would wait for it for ever."""

        async def lazy(envelope: Envelope, send: Send) -> Receipt:
            if envelope.command.account_id == "ann":  # type: ignore[attr-defined]
                return Receipt(b"", "ann", 1, 1, ())
            return await send(envelope)

        async with bank_behind(lazy) as bank:
            with pytest.raises(Invalid, match="without sending it") as caught:
                await bank.send_atomic([deposit("bob"), deposit("ann")])
            assert caught.value.command_index == 1
            assert await bank.ask(AllBalances()) == {}

    @scene
    async def test_cancelling_there(self) -> None:
        """Before it is decided nothing happens, once it decides all does."""

        async def through(envelope: Envelope, send: Send) -> Receipt:
            return await send(envelope)

        assessor = HeldAssessor(held=True)
        async with bank_behind(through, assessor=assessor) as bank:
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            for commands in ([deposit("bob"), deposit("ann")], [deposit("bob"), Lend(account_id="eve", amount=1)]):
                whole = asyncio.create_task(bank.send_atomic(commands))
                await turns()
                whole.cancel()
                await asyncio.wait([whole])
                assert whole.cancelled()
            assessor.free.set()
            await loan
            assert await bank.ask(AllBalances(), after=3) == {"ann": 1, "bob": 1, "eve": 1}
            assert bank.statistics().pending == 0
