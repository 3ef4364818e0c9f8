"""`processes ls|show|retry|cancel` on real stores: what is under way, what stands still, what mends it."""

from __future__ import annotations

from pathlib import Path

import actum
import pytest

from tests.support.commands import answered, exit_code_of, refused
from tests.support.processes import Conversation
from tests.support.troubled import MENDED, fill_troubled
from tests.unit.tui.verbs.test_subscriptions import APP, ENGINE


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A store in which things went wrong."""
    actum.run(fill_troubled(tmp_path / "shop"))
    return str(tmp_path / "shop")


def listed(store: str, *options: object) -> list[tuple[str, str, str]]:
    """Process, key and status of each."""
    found = answered("processes", "ls", "-s", store, *options)["processes"]
    return [(each["process"], each["key"], each["status"]) for each in found]


def test_they_are_listed(shop: str) -> None:
    """What failed first, then what is stuck; done ones on request; chosen by status and process."""
    assert listed(shop) == [
        ("Courier", "failed", "failed"),
        ("Fulfilment", "failed", "failed"),
        ("Courier", "stuck", "stuck"),
        ("Fulfilment", "overdue", "waiting"),
        ("Fulfilment", "waiting", "waiting"),
    ]
    assert listed(shop, "--status", "done", "--status", "stuck") == [
        ("Courier", "stuck", "stuck"),
        ("Fulfilment", "stuck", "done"),
        ("Fulfilment", "sold out", "done"),
    ]
    assert listed(shop, "--stuck-after", 1e9, "--status", "running") == [("Courier", "stuck", "running")]
    data = answered("processes", "ls", "Fulfilment", "-s", shop, "--limit", 1)
    assert (data["count"], len(data["processes"])) == (3, 1)
    assert data["counts"] == {"running": 0, "waiting": 2, "stuck": 0, "failed": 1, "done": 2}
    code, said, _ = exit_code_of("processes", "ls", "-s", shop, "--limit", 2)
    assert code == 0
    assert "3 more: --limit 5" in said
    assert "2 waiting, 1 stuck, 2 failed, 2 done" in said
    assert "unpaid 3 d overdue" in said
    assert "Invalid value" in refused("processes", "ls", "--status", "well", "-s", shop)


def test_there_are_none(one_event: str) -> None:
    """That is said."""
    assert exit_code_of("processes", "ls", "-s", one_event)[1] == "no processes\n"


def test_one_is_shown(shop: str) -> None:
    """Its state, its deadlines, and each step with its cause and what came of it."""
    data = answered("processes", "show", "Fulfilment", "failed", "-s", shop)
    assert (data["status"], data["state"]["product_id"]) == ("failed", "apple")
    assert list(data["deadlines"]) == ["unpaid"]
    first, second = data["steps"]
    assert first["cause"]["type"] == "OrderPlaced"
    assert [output["type"] for output in first["outputs"]] == ["actum.DeadlineScheduled", "StockChanged"]
    assert {output["causation_id"] for output in first["outputs"][1:]} == {first["cause"]["command_id"]}
    assert (second["entry"]["type"], second["cause"]["type"]) == ("actum.ProcessFailed", "OrderPaid")
    assert data["failed_position"] == second["cause"]["position"]
    _, said, _ = exit_code_of("processes", "show", "Fulfilment", "stuck", "-s", shop)
    assert "OrderPaid: TakePayment refused" in said
    assert "CancelOrder in 30 min; StockChanged Stock/apple" in said
    assert said.splitlines()[-1].endswith("a deadline cancelled; StockChanged Stock/apple; done")
    assert "no Fulfilment with key nobody" in refused("processes", "show", "Fulfilment", "nobody", "-s", shop)


def test_retry(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails again is told of with exit code 1; what goes on has done its step, and nothing else has happened."""
    again = answered("processes", "retry", "Courier", "failed", "-s", shop, "-a", APP, code=1)
    assert (again["retried"], list(again["failed"])) == ([], ["failed"])
    assert "ZeroDivisionError" in again["failed"]["failed"]
    monkeypatch.setenv(MENDED, "yes")
    before = answered("deadlines", "ls", "-s", shop)["counts"]
    assert answered("processes", "retry", "Courier", "--all", "-s", shop, "-a", APP)["retried"] == ["failed"]
    assert answered("deadlines", "ls", "-s", shop)["counts"] == before
    assert ("Courier", "failed", "running") in listed(shop)
    assert answered("history", "Order", "failed", "-s", shop)["records"][-1]["type"] == "OrderShipped"
    assert "no Courier 'failed' has failed" in refused("processes", "retry", "Courier", "failed", "-s", shop, "-a", APP)
    assert "no process Nobody" in refused("processes", "retry", "Nobody", "x", "-s", shop, "-a", APP)
    assert "or --all" in refused("processes", "retry", "Courier", "-s", shop, "-a", APP)
    assert "needs your classes" in refused("processes", "retry", "Courier", "failed", "-s", shop)


def test_cancel(shop: str) -> None:
    """They end, with what they have scheduled; one that is not there is refused before anything is done."""
    refusal = refused("processes", "cancel", "Fulfilment", "overdue", "nobody", "-s", shop, "-a", APP)
    assert "no Fulfilment 'nobody' is under way" in refusal
    assert ("Fulfilment", "overdue", "waiting") in listed(shop)
    data = answered("processes", "cancel", "Fulfilment", "overdue", "failed", "-s", shop, "-a", APP)
    assert data == {"process": "Fulfilment", "cancelled": ["overdue", "failed"]}
    assert [key for process, key, _ in listed(shop) if process == "Fulfilment"] == ["waiting"]
    assert answered("deadlines", "ls", "-s", shop)["counts"] == {"pending": 1, "overdue": 1, "failed": 1}
    _, said, _ = exit_code_of("processes", "show", "Fulfilment", "overdue", "-s", shop)
    assert "cancelled by hand" in said


def test_beside_an_engine(shop: str) -> None:
    """They are shown; who wants to change them is told which process has the store, and what to do in there."""
    with Conversation(ENGINE, shop) as engine:
        assert listed(shop)[:2] == [("Courier", "failed", "failed"), ("Fulfilment", "failed", "failed")]
        for what, code in (("retry", "retry_process"), ("cancel", "cancel_process")):
            message = refused("processes", what, "Courier", "failed", "-s", shop, "-a", APP)
            assert f"in process {engine.process.pid}" in message
            assert f"await engine.{code}(Courier, 'failed')" in message
