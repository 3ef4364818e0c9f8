"""Spans with OpenTelemetry's own SDK: what causes what, over mailboxes, commits, restarts and processes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from actum import CommandFailed, Deadlines, Engine, Envelope, Invalid, MemoryLog, Options, Rejected, follow
from actum.otel import Tracing
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

from tests.support.bank import Account, Balances, Deposit, DepositEach, Glance, HeldAssessor, Lend, Withdraw
from tests.support.clocks import FakeClock
from tests.support.fragile import Do, Fragile
from tests.support.fulfilment import AddStock, Fulfilment, Order, PlaceOrder, Stock, Wallet
from tests.support.scenes import in_time, scene, until
from tests.support.spans import Traced, links, parent_id, span_id, trace_id
from tests.support.subscribers import Journal, Watcher

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = Options(gate_seconds=0.0005, gc_policy="none", durability="relaxed", ballast_bytes=0)


def open_traced(tracing: Tracing, store: Any = None, *more: Any, **said: Any) -> Engine:
    """A bank that is traced."""
    log = MemoryLog() if store is None else store
    services = [said.pop("assessor", HeldAssessor()), *said.pop("services", ())]
    return Engine.open(log, Account, Balances, *more, services=services, observer=tracing, options=OPTIONS, **said)


def open_shop(tracing: Tracing, log: Any, clock: FakeClock) -> Engine:
    """A shop that is traced."""
    return Engine.open(log, Order, Stock, Wallet, Fulfilment, clock=clock, observer=tracing, options=OPTIONS)


@scene
async def test_a_command_its_commit_and_its_views() -> None:
    """One trace: below the caller's span the command, below that the commit, below that what views do."""
    traced = Traced()
    async with open_traced(traced.tracing) as bank:
        with traced.provider.get_tracer("web").start_as_current_span("POST /deposits") as request:
            receipt = await bank.send(Deposit(account_id="ann", amount=5))
    send, commit, apply = traced.one("send Deposit"), traced.one("commit"), traced.one("apply")
    assert parent_id(send) == request.get_span_context().span_id
    assert (parent_id(commit), parent_id(apply)) == (span_id(send), span_id(commit))
    assert {trace_id(span) for span in traced.spans} == {request.get_span_context().trace_id}
    assert links(send) == {span_id(commit)}
    assert dict(send.attributes or {}) == {
        "actum.command": "Deposit",
        "actum.key": "ann",
        "actum.version": 1,
        "actum.position": 1,
        "actum.events": 1,
        "actum.command_id": str(receipt.command_id),
    }
    assert (commit.attributes or {})["actum.events"] == 1
    assert commit.start_time is not None
    assert apply.start_time is not None
    assert commit.start_time <= apply.start_time


@scene
async def test_one_commit_serves_many_commands() -> None:
    """It is a child of the first and linked to the others, and each of them is linked to it."""
    traced = Traced()
    async with open_traced(traced.tracing) as bank:
        await asyncio.gather(*(bank.send(Deposit(account_id=name, amount=1)) for name in ("ann", "bob", "cid")))
    commit, sent = traced.one("commit"), traced.named("send Deposit")
    first = next(span for span in sent if span_id(span) == parent_id(commit))
    assert links(commit) == {span_id(span) for span in sent} - {span_id(first)}
    assert all(links(span) == {span_id(commit)} for span in sent)
    assert len({trace_id(span) for span in sent}) == 3


@scene
async def test_an_asynchronous_decision_goes_on_in_the_trace_of_its_command() -> None:
    """However many decide at the same time: what a service does belongs to whoever asked for it."""
    traced, asked = Traced(), {}

    class Bureau(HeldAssessor):
        async def approves(self, account_id: str, amount: int) -> bool:
            asked[account_id] = trace.get_current_span().get_span_context().trace_id
            return await super().approves(account_id, amount)

    async with open_traced(traced.tracing, assessor=Bureau()) as bank:
        tracer = traced.provider.get_tracer("web")

        async def lend(name: str) -> int:
            with tracer.start_as_current_span(name) as request:
                await bank.send(Lend(account_id=name, amount=5))
                return request.get_span_context().trace_id

        names = ("ann", "bob", "cid")
        assert dict(zip(names, await asyncio.gather(*map(lend, names)), strict=True)) == asked
        with tracer.start_as_current_span("both") as both:
            await bank.send_atomic([Lend(account_id="dan", amount=1), Deposit(account_id="eve", amount=1)])
        assert asked["dan"] == both.get_span_context().trace_id
        assert len(traced.named("send Deposit")) == 1


@scene
async def test_answers_are_no_faults_and_faults_are() -> None:
    """Rejected is an answer; a bug is an error with its exception; both say what they were."""
    traced = Traced()
    async with Engine.open(MemoryLog(), Fragile, Account, services=[HeldAssessor()], observer=traced.tracing) as engine:
        with pytest.raises(Rejected):
            await engine.send(Withdraw(account_id="ann", amount=5))
        with pytest.raises(CommandFailed):
            await engine.send(Do(key="a", how="badly"))
        await engine.send(Glance(account_id="ann"))
    rejected, failed, nothing = traced.spans
    assert (rejected.status.status_code, (rejected.attributes or {})["error.type"]) == (StatusCode.UNSET, "Rejected")
    assert (failed.status.status_code, (failed.attributes or {})["error.type"]) == (StatusCode.ERROR, "CommandFailed")
    assert [event.name for event in failed.events] == ["exception"]
    assert (nothing.attributes or {})["actum.events"] == 0


@scene
async def test_subscriptions_handle_events_in_the_traces_of_their_commands() -> None:
    """The batch is a trace of its own; each event is handled where it came from; both are linked."""
    traced, journal = Traced(), Journal()
    journal.faults = {1: 1}
    async with open_traced(traced.tracing, None, Watcher, services=[journal]) as bank:
        await bank.send(Deposit(account_id="ann", amount=1))
        await in_time(lambda: journal.seen)
        await bank.subscription(Watcher).caught_up()
    send = traced.one("send Deposit")
    first, second = traced.named("handle Deposited")
    failed, done = traced.named("deliver watcher")
    assert [parent_id(span) for span in (first, second)] == [span_id(send)] * 2
    assert (first.status.status_code, second.status.status_code) == (StatusCode.ERROR, StatusCode.UNSET)
    assert (parent_id(done), links(done), links(second)) == (None, {span_id(send)}, {span_id(done)})
    assert trace_id(failed) != trace_id(done)
    assert dict(done.attributes or {}) == {
        "actum.subscription": "watcher",
        "actum.position": 1,
        "actum.position_last": 1,
        "actum.events": 1,
    }


@scene
async def test_a_trace_goes_on_in_another_process(tmp_path: Path) -> None:
    """It is in the log: a follower that begins when the engine is closed handles the event in its trace."""
    traced, later = Traced(), Traced()
    async with open_traced(traced.tracing, tmp_path / "bank") as bank:
        await bank.send(DepositEach(account_id="ann", amounts=[1, 2]))
    async with follow(tmp_path / "bank", Watcher, services=[Journal()], observer=later.tracing) as follower:
        await follower.subscription(Watcher).caught_up()
    assert {parent_id(span) for span in later.named("handle Deposited")} == {span_id(traced.one("send DepositEach"))}


@scene
async def test_a_process_and_its_deadline_go_on_in_the_trace_of_the_order() -> None:
    """Order, step, reservation; half an hour and a restart later: the deadline, the cancellation, the step after it."""
    traced, log, clock = Traced(), MemoryLog(), FakeClock()
    async with open_shop(traced.tracing, log, clock) as shop:
        await shop.send(AddStock(product_id="tea", quantity=3))
        await shop.send(PlaceOrder(order_id="a", product_id="tea"))
        await until(lambda: shop.statistics().processes[0].steps)
    order, (step,) = traced.one("send PlaceOrder"), traced.named("step Fulfilment")
    assert parent_id(step) == span_id(order)
    assert parent_id(traced.one("send ReserveStock")) == span_id(step)
    clock.advance(3_600)
    async with open_shop(traced.tracing, log, clock) as shop:
        await until(lambda: not shop.processes(Fulfilment))
    fire, cancel = traced.one("fire CancelOrder"), traced.one("send CancelOrder")
    assert (parent_id(fire), parent_id(cancel)) == (span_id(step), span_id(fire))
    last = traced.named("step Fulfilment")[-1]
    assert parent_id(last) == span_id(cancel)
    assert parent_id(traced.one("send ReleaseStock")) == span_id(last)
    assert trace_id(last) == trace_id(order) != trace_id(traced.one("send AddStock"))


@scene
async def test_a_step_and_a_deadline_that_fail_say_so() -> None:
    """The engine deals with what they raise; their spans tell."""
    traced = Traced()
    async with open_shop(traced.tracing, MemoryLog(), FakeClock()) as shop:
        await shop.send(PlaceOrder(order_id="a", product_id="buggy"))
        await until(lambda: shop.processes(Fulfilment, status="failed"))
        await until(lambda: traced.named("step Fulfilment"))
        assert traced.one("step Fulfilment").status.description == "ZeroDivisionError: a bug"
        await shop.schedule(PlaceOrder(order_id="a", product_id="tea"), after=0, deadline_id="again")
        await until(lambda: traced.named("fire PlaceOrder"))
        fire = traced.one("fire PlaceOrder")
        assert dict(fire.attributes or {}) == {
            "actum.deadline_id": "again",
            "actum.command": "PlaceOrder",
            "error.type": "Rejected",
        }


@scene
async def test_what_is_not_sampled_leaves_nothing_behind() -> None:
    """No span, no bytes in the log, no commit; nor without an SDK."""
    for tracing in (Traced(ALWAYS_OFF).tracing, Tracing()):
        log = MemoryLog()
        async with open_traced(tracing, log, Deadlines) as bank:
            await bank.send(Deposit(account_id="ann", amount=1))
            deadline = await bank.schedule(Deposit(account_id="ann", amount=1), after=60)
            assert deadline.traceparent is None
            assert [record.traceparent for record in await bank.history(Account, "ann")] == [None]
        plain = MemoryLog()
        async with open_traced(None, plain) as bank:  # type: ignore[arg-type]
            await bank.send(Deposit(account_id="ann", amount=1))
        assert next(iter(plain.frames(1))).record(0)[0] == next(iter(log.frames(1))).record(0)[0] == 0x9A


@scene
async def test_a_sender_who_has_gone_does_not_leave_its_commit_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody asks for is forgotten, the oldest first."""
    monkeypatch.setattr("actum.otel.tracing.COMMITS_MAX", 2)
    traced = Traced()
    async with open_traced(traced.tracing) as bank:
        for number in range(5):
            task = asyncio.ensure_future(bank.send(Deposit(account_id=f"a{number}", amount=1)))
            await until(lambda: bank.statistics().pending)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await until(lambda: not bank.statistics().pending)
        assert len(traced.tracing._commits) <= 2


def test_what_is_no_observer_is_refused() -> None:
    """The class instead of an object, above all."""
    for wrong in (Tracing, 3, print):
        with pytest.raises(Invalid, match=r"give actum\.otel\.Tracing\(\)"):
            Engine.open(MemoryLog(), Account, services=[HeldAssessor()], observer=wrong)  # type: ignore[arg-type]


@scene
async def test_middleware_sees_the_traceparent() -> None:
    """The observer stands before all of it."""
    seen: list[str | None] = []

    async def look(envelope: Envelope, send: Any) -> Any:
        seen.append(envelope.traceparent)
        return await send(envelope)

    traced = Traced()
    async with open_traced(traced.tracing, middleware=[look]) as bank:
        await bank.send(Deposit(account_id="ann", amount=1))
    (traceparent,) = seen
    send = traced.one("send Deposit")
    assert traceparent is not None
    assert traceparent.startswith(f"00-{trace_id(send):032x}-{span_id(send):016x}-")
