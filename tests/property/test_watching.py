"""Laws of live queries: a client that does what it is told has the rows as of each position that it is told.

However commands, checkpoints, rebuilds and readings come in turn, whatever becomes of changes for slow readers, and
however often a reader goes and comes back.
"""

from __future__ import annotations

import asyncio
from typing import Any

import actum
from actum import Answer, Engine, RowsChanged, Watch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bank import AllBalances, Balance, Balances, open_bank
from tests.support.bank_model import COMMANDS, Model
from tests.support.scenes import turns

STEPS = st.lists(
    st.tuples(st.just("send"), COMMANDS)
    | st.tuples(st.just("read"), st.sampled_from([0, 0, 1, 2]))
    | st.tuples(st.just("return"), st.sampled_from([0, 1, 2]))
    | st.tuples(st.just("rebuild"), st.none())
    | st.tuples(st.just("checkpoint"), st.none()),
    max_size=25,
)
POLICIES: list[Any] = ["coalesce", "drop", "close"]


class Client:
    """A reader of changes that keeps a copy."""

    def __init__(self, bank: Engine, watched: Any, policy: Any, buffer_max: int, model: Model) -> None:
        self.bank, self.watched, self.policy, self.buffer_max, self.model = bank, watched, policy, buffer_max, model
        self.copy: dict[str, int] | None = None
        self.position: int | None = None
        self.returned = False
        self.begin()

    def begin(self) -> None:
        """Watch, from where it is."""
        self.returned = True
        self.watch: Watch[Any] = self.bank.watch(
            self.watched, since=self.position, buffer_max=self.buffer_max, when_slow=self.policy
        )

    async def read(self) -> bool:
        """One change, if there is one."""
        following = asyncio.create_task(anext(self.watch))
        await turns(2)
        if not following.done():
            following.cancel()
            await asyncio.wait([following])
            return False
        if isinstance(error := following.exception(), actum.WatchClosed):
            assert self.policy == "close"
            assert error.position is None or error.position == self.position
            self.begin()
            return await self.read()
        self.take(following.result())
        return True

    def take(self, change: Answer[dict[str, int]] | RowsChanged[Balance]) -> None:
        """Do what it says, and compare."""
        assert self.position is None or change.position >= self.position
        self.position = change.position
        if isinstance(change, Answer):
            assert change.answer != self.copy or change.missed or self.returned
            self.copy = change.answer
        else:
            assert change.complete or change.put or change.removed
            assert change.complete or not change.missed
            kept = {} if change.complete or self.copy is None else self.copy
            put = {row.account_id: row.balance for row in change.put}
            self.copy = {key: row for key, row in {**kept, **put}.items() if key not in change.removed}
        self.returned = False
        assert self.copy == self.model.at[change.position]


@settings(max_examples=150)
@given(STEPS, st.integers(1, 4), st.sampled_from([0, 3, 1000]), st.sampled_from(POLICIES))
def test_a_client_has_the_rows(steps: list[tuple[str, Any]], buffer_max: int, changes_max: int, policy: Any) -> None:
    """At every position that it is told, and in the end at the head."""

    async def play() -> None:
        async with open_bank(watch_changes_max=changes_max) as bank:
            model = Model()
            clients = [Client(bank, watched, policy, buffer_max, model) for watched in (Balances, AllBalances())]
            late = Client(bank, Balances, policy, buffer_max, model)
            clients.append(late)
            for step, what in steps:
                match step:
                    case "send":
                        model.add(await bank.send_many(what))
                    case "read":
                        await clients[what].read()
                    case "return":
                        clients[what].begin()
                    case "rebuild":
                        await bank.rebuild(Balances)
                    case _:
                        await bank.checkpoint()
            for client in clients:
                while await client.read():
                    pass
                assert client.copy == model.at[-1] == await bank.ask(AllBalances())

    actum.run(play())
