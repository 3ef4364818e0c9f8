"""What a store's directory says of what happens by itself, as an engine would answer."""

from __future__ import annotations

import time
from pathlib import Path

import actum
import pytest
from actum import Store
from actum.monitor import DeadLettersRequest, DeadlinesRequest, ProcessesRequest
from actum_tui.top.standing import condition_of
from actum_tui.top.steps import PROCESSES, cause_positions, steps_of, stream_of
from actum_tui.top.stored_automation import deadlines_answer, letters_answer, processes_answer

from tests.support.troubled import fill_troubled


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A store in which things went wrong."""
    actum.run(fill_troubled(tmp_path / "shop"))
    return tmp_path / "shop"


def test_instances(shop: Path) -> None:
    """What stands still first; those that are done only if they are meant; each counted once."""
    now_ns = time.time_ns()
    with actum.open_store(shop) as store:
        found = processes_answer(store.processes(), ProcessesRequest(), now_ns)
        assert [(condition_of(one), one.process, one.key) for one in found.instances] == [
            ("failed", "Courier", "failed"),
            ("failed", "Fulfilment", "failed"),
            ("stuck", "Courier", "stuck"),
            ("waiting", "Fulfilment", "overdue"),
            ("waiting", "Fulfilment", "waiting"),
        ]
        assert found.count == 5
        counts = {one.process: (one.running, one.waiting, one.stuck, one.failed, one.done) for one in found.counts}
        assert counts == {"Courier": (0, 0, 1, 1, 0), "Fulfilment": (0, 2, 0, 1, 2)}
        for request, keys in (
            (ProcessesRequest(process="Courier", limit=1), ["failed"]),
            (ProcessesRequest(status="failed"), ["failed", "failed"]),
            (ProcessesRequest(status="done"), ["stuck", "sold out"]),
            (ProcessesRequest(key="sold out"), ["sold out"]),
            (ProcessesRequest(text="DUE"), ["overdue"]),
        ):
            answer = processes_answer(store.processes(), request, now_ns)
            assert sorted(one.key for one in answer.instances) == sorted(keys)
        (one,) = processes_answer(
            store.processes(), ProcessesRequest(process="Fulfilment", key="failed"), now_ns
        ).instances
        assert one.values["product_id"] == "apple"
        assert list(one.deadlines) == ["unpaid"]


def test_deadlines_and_dead_letters(shop: Path) -> None:
    """Refused first, leaving room for what is due; one by its id; letters of one subscription."""
    with actum.open_store(shop) as store:
        found = deadlines_answer(store.deadlines(), DeadlinesRequest())
        assert (found.deadlines[0].deadline_id, found.count, found.refused) == ("refused", 5, 1)
        assert [one.due_ns for one in found.deadlines[1:]] == sorted(one.due_ns for one in found.deadlines[1:])
        assert len(deadlines_answer(store.deadlines(), DeadlinesRequest(limit=2)).deadlines) == 2
        (one,) = deadlines_answer(store.deadlines(), DeadlinesRequest(deadline_id="later")).deadlines
        assert one.arguments["reason"] == "late"
        letters = letters_answer(store.subscriptions(), DeadLettersRequest())
        assert (letters.count, letters.letters[0].subscription) == (1, "mailer")
        assert letters_answer(store.subscriptions(), DeadLettersRequest(subscription="x")).letters == ()


def steps(store: Store, process: str, key: str) -> list[tuple[str, str]]:
    """What an instance has reacted to, and what came of it."""
    records = store.history(PROCESSES, stream_of(process, key))
    causes = {position: store.record(position) for position in cause_positions(records)}
    return [(step.cause, step.outcome) for step in steps_of(records, causes)]


def test_steps(shop: Path) -> None:
    """Commands that were sent, deadlines that were scheduled and are no longer, a refusal, a failure, the end."""
    with actum.open_store(shop) as store:
        assert steps(store, "Fulfilment", "failed") == [
            ("OrderPlaced", "ReserveStock, unpaid scheduled"),
            ("OrderPaid", "CommandFailed: a handler of Wallet/buggy raised ZeroDivisionError: a bug"),
        ]
        (placed, paid, cancelled) = steps(store, "Fulfilment", "stuck")
        assert placed == ("OrderPlaced", "ReserveStock, unpaid scheduled")
        assert paid == ("OrderPaid: TakePayment refused", "CancelOrder")
        assert cancelled == ("OrderCancelled", "ReleaseStock, unpaid no longer, done")
        assert steps(store, "Fulfilment", "nobody") == []
