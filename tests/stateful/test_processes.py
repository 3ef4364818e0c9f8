"""Processes under virtual time, against a model that reacts at once: the same instances, deadlines, goods and money.

Orders are placed, paid, cancelled; goods run out, wallets are empty; handlers fail and are mended; instances are
retried and cancelled; time passes; the engine is closed, or crashes between the acknowledgement of an event and any
turn of what follows from it. Goods and money add up, so that a command that is lost, or takes effect twice, is seen.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from actum import Command, Deadlines, Engine, Options, Rejected
from actum.clock import TimeOrderedIds
from actum.kinds.catalogue import Catalogue
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.simulation.disk import Platter, SimulatedBackground, SimulatedStore
from tests.simulation.history import NEW_YEAR_NS
from tests.simulation.lives import VirtualClock
from tests.simulation.loop import VirtualLoop
from tests.simulation.market import PAY_SECONDS, WITNESS, Sale
from tests.support.fulfilment import (
    AddStock,
    CancelOrder,
    FillWallet,
    Order,
    PayOrder,
    PlaceOrder,
    Stock,
    Wallet,
)

T = TypeVar("T")

CATALOGUE = Catalogue.build([Order, Stock, Wallet, Deadlines, Sale], [])
ORDERS = st.sampled_from(["o1", "o2", "o3"])
WALLETS = st.sampled_from(["ann", "bob"])
#: All of them leave so much time to pay; time passes in steps of which no number is that.
QUANTITIES = st.sampled_from([2, 5, 8])
PATIENCE_SECONDS = PAY_SECONDS[2]
STEP_SECONDS = 7.0
#: What comes behind an acknowledgement: rest, a crash so many turns later, or a close.
ENDINGS = st.sampled_from(["rest", "rest", "rest", "close"]) | st.integers(0, 30)


@dataclass
class Case:
    """An order in the model, and the process's instance.

    Attributes:
        quantity: how much is ordered.
        state: of the order.
        status: of the instance; "" if there is none, or it has ended.
        waiting: events that a failed instance has not reacted to.
        due: when it is cancelled if it is not paid, or None.
    """

    quantity: int
    state: str = "placed"
    status: str = ""
    waiting: list[tuple[str, str]] = field(default_factory=list)
    due: float | None = None


class Model:
    """What should be.

    Attributes:
        cases: by order.
        stock: goods that are there.
        money: by wallet.
        failing: whether handlers fail.
    """

    def __init__(self) -> None:
        """Nothing there."""
        self.cases: dict[str, Case] = {}
        self.stock = 0
        self.money: Counter[str] = Counter()
        self.failing = False
        self.now = 0.0

    def react(self, case: Case, event: str, wallet_id: str) -> None:
        """What an instance does about an event; one that can't stands still."""
        if case.status == "failed":
            case.waiting.append((event, wallet_id))
        elif self.failing and event != "cancelled":
            case.status, case.waiting = "failed", [(event, wallet_id)]
        elif event == "placed":
            self._placed(case)
        elif event == "paid":
            self._paid(case, wallet_id)
        else:
            self.stock += case.quantity
            case.status, case.due = "", None

    def _placed(self, case: Case) -> None:
        """Goods are kept, or the order is cancelled."""
        if case.quantity > self.stock:
            case.status = ""
            self.cancel(case)
            return
        self.stock -= case.quantity
        case.status, case.due = "active", self.now + PATIENCE_SECONDS

    def _paid(self, case: Case, wallet_id: str) -> None:
        """Money is taken and goods are shipped, or neither."""
        if case.quantity > self.money[wallet_id]:
            self.cancel(case)
        elif case.state == "paid":
            self.money[wallet_id] -= case.quantity
            case.state, case.status, case.due = "shipped", "", None

    def cancel(self, case: Case) -> None:
        """An order is cancelled, if it can be; its instance hears of that."""
        if case.state not in ("shipped", "cancelled"):
            case.state = "cancelled"
            if case.status:
                self.react(case, "cancelled", "")

    def retry(self, case: Case) -> None:
        """A failed instance reacts to what it has missed."""
        waiting, case.status, case.waiting = case.waiting, "active", []
        for event, wallet_id in waiting:
            if case.status:
                self.react(case, event, wallet_id)

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        due = [case for case in self.cases.values() if case.due is not None and case.due <= self.now]
        for case in sorted(due, key=lambda case: case.due or 0.0):
            case.due = None
            self.cancel(case)


class Processes(RuleBasedStateMachine):
    """The engine beside the model."""

    def __init__(self) -> None:
        """Open, with nothing there."""
        super().__init__()
        WITNESS.world = self  # type: ignore[assignment]  # there are no subscriptions here
        self.model = Model()
        self._platter = Platter()
        self._random = Random(7)
        self._started_ns = NEW_YEAR_NS
        self._open()

    def strikes(self, chance: float) -> bool:
        """See `Circumstances`."""
        del chance
        return self.model.failing

    def _open(self) -> None:
        """Another life."""
        self._loop = VirtualLoop()
        options = Options(
            gc_policy="none", snapshot_events_min=1, snapshot_events_max=3, actors_max=2, checkpoint_events_min=1,
            replay_slice_events=self._random.choice([1, 2, 1000]),
        )  # fmt: skip
        self._engine = Engine(
            SimulatedStore(self._platter, self._random, 0.0, lambda _: None),
            CATALOGUE,
            (),
            options,
            VirtualClock(self._loop, self._started_ns),
            TimeOrderedIds(self._random.randrange(1 << 30)),
            SimulatedBackground(self._loop, self._random, 0.0001),
            read_only=False,
        )
        self._run(self._engine.__aenter__())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something."""
        return self._loop.run_until_complete(work)

    def _end(self, *, crash: bool) -> None:
        """The end of a life; time goes on."""
        if not crash:
            self._run(self._engine.close())
        self._started_ns += int(self._loop.time() * 1e9)
        self._loop.abandon()

    async def _rest(self) -> None:
        """Until nothing follows any more from what has happened."""
        while True:
            figures = self._engine.statistics()
            assert figures.deadlines is not None
            assert figures.deadlines.failure is None
            assert figures.processes[0].failure is None
            now_ns = self._started_ns + int(self._loop.time() * 1e9)
            due = figures.deadlines.next_due_ns is not None and figures.deadlines.next_due_ns <= now_ns
            if not (figures.pending or figures.processes[0].lag or due):
                return
            await asyncio.sleep(0.0002)

    def _then(self, ending: str | int) -> None:
        """What comes behind an acknowledgement."""
        if isinstance(ending, int):

            async def some_turns() -> None:
                for _ in range(ending):
                    await asyncio.sleep(self._random.choice([0, 0.00005]))

            self._run(some_turns())
        if ending != "rest":
            self._end(crash=isinstance(ending, int))
            self._open()
        self._run(self._rest())

    def _send(self, command: Command, ending: str | int, accepted: Callable[[], None]) -> None:
        """Send a command; the model does the same if it is accepted."""
        try:
            self._run(self._engine.send(command))
        except Rejected:
            return
        accepted()
        self._then(ending)

    @rule(order_id=ORDERS, quantity=QUANTITIES, ending=ENDINGS)
    def place(self, order_id: str, quantity: int, ending: str | int) -> None:
        """An order, once."""

        def accepted() -> None:
            assert order_id not in self.model.cases
            case = self.model.cases[order_id] = Case(quantity, status="active")
            self.model.react(case, "placed", "")

        self._send(PlaceOrder(order_id=order_id, product_id="apple", quantity=quantity), ending, accepted)

    @rule(order_id=ORDERS, wallet_id=WALLETS, ending=ENDINGS)
    def pay(self, order_id: str, wallet_id: str, ending: str | int) -> None:
        """An order that is open."""

        def accepted() -> None:
            case = self.model.cases[order_id]
            assert case.state == "placed"
            case.state = "paid"
            if case.status:
                self.model.react(case, "paid", wallet_id)

        self._send(PayOrder(order_id=order_id, wallet_id=wallet_id), ending, accepted)

    @rule(order_id=ORDERS, ending=ENDINGS)
    def give_up(self, order_id: str, ending: str | int) -> None:
        """Somebody cancels an order by hand."""
        if order_id in self.model.cases:
            command = CancelOrder(order_id=order_id, reason="given up")
            self._send(command, ending, lambda: self.model.cancel(self.model.cases[order_id]))

    @rule(quantity=st.integers(1, 12), wallet_id=WALLETS, amount=st.integers(1, 12))
    def supply(self, quantity: int, wallet_id: str, amount: int) -> None:
        """More goods and money."""
        commands = [AddStock(product_id="apple", quantity=quantity), FillWallet(wallet_id=wallet_id, amount=amount)]
        self._run(self._engine.send_atomic(commands))
        self.model.stock += quantity
        self.model.money[wallet_id] += amount

    @rule(steps=st.integers(1, 4), ending=ENDINGS)
    def wait(self, steps: int, ending: str | int) -> None:
        """Time passes, while the engine runs; or it is not there when something is due."""
        if ending == "close":
            self._end(crash=False)
            self._started_ns += int(steps * STEP_SECONDS * 1e9)
            self._open()
        else:
            self._run(asyncio.sleep(steps * STEP_SECONDS))
        self.model.advance(steps * STEP_SECONDS)
        self._then(ending)

    @rule(failing=st.booleans())
    def change_the_code(self, failing: bool) -> None:  # noqa: FBT001  # a rule's arguments are given by name
        """Handlers fail from now on, or are mended."""
        self.model.failing = failing

    @rule(order_id=ORDERS, ending=ENDINGS)
    def retry(self, order_id: str, ending: str | int) -> None:
        """A failed instance is tried again."""
        case = self.model.cases.get(order_id)
        if case is not None and case.status == "failed":
            self._run(self._engine.retry_process(Sale, order_id))
            self.model.retry(case)
            self._then(ending)

    @rule(order_id=ORDERS, ending=ENDINGS)
    def cancel(self, order_id: str, ending: str | int) -> None:
        """An instance is ended by hand, with what it has scheduled."""
        case = self.model.cases.get(order_id)
        there = case is not None and case.status != ""
        assert self._run(self._engine.cancel_process(Sale, order_id)) is there
        if case is not None:
            case.status, case.due, case.waiting = "", None, []
        self._then(ending)

    @invariant()
    def is_what_the_model_says(self) -> None:
        """Instances, deadlines, orders, goods and money."""
        self._run(self._compare())

    async def _compare(self) -> None:
        """The engine with the model."""
        engine, model = self._engine, self.model
        instances = {one.key: one.status for one in engine.processes(Sale)}
        assert instances == {key: case.status for key, case in model.cases.items() if case.status}
        due = sorted(deadline.arguments["order_id"] for deadline in engine.deadlines())
        assert due == sorted(key for key, case in model.cases.items() if case.due is not None)
        assert (await engine.state(Stock, "apple")).quantity == model.stock
        for wallet_id in ("ann", "bob"):
            assert (await engine.state(Wallet, wallet_id)).money == model.money[wallet_id]
        for key, case in model.cases.items():
            assert (await engine.state(Order, key)).state == case.state

    def teardown(self) -> None:
        """The end."""
        self._end(crash=False)


Processes.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestProcesses = Processes.TestCase
