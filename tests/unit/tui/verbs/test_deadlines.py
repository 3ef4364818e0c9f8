"""`deadlines ls|show|cancel|retry` on real stores: pending, overdue, and refused when they were due."""

from __future__ import annotations

from pathlib import Path

import actum
import pytest

from tests.support.commands import answered, exit_code_of, refused
from tests.support.processes import Conversation
from tests.support.troubled import fill_troubled
from tests.unit.tui.verbs.test_subscriptions import APP, ENGINE


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A store in which things went wrong."""
    actum.run(fill_troubled(tmp_path / "shop"))
    return str(tmp_path / "shop")


def test_they_are_listed_and_shown(shop: str) -> None:
    """What failed first, then by time; chosen by state; one with its command."""
    found = answered("deadlines", "ls", "-s", shop)
    assert [each["state"] for each in found["deadlines"]] == ["failed", "overdue", "overdue", "overdue", "pending"]
    assert found["counts"] == {"pending": 1, "overdue": 3, "failed": 1}
    (failed,) = answered("deadlines", "ls", "--state", "failed", "-s", shop)["deadlines"]
    assert (failed["deadline_id"], failed["reason"]) == ("refused", "Rejected: the order is new")
    assert answered("deadlines", "ls", "--limit", 2, "-s", shop)["count"] == 5
    code, said, _ = exit_code_of("deadlines", "ls", "--limit", 2, "-s", shop)
    assert code == 0
    assert "3 more: --limit 5" in said
    assert answered("deadlines", "show", "later", "-s", shop)["arguments"] == {"order_id": "waiting", "reason": "late"}
    assert "no deadline nobody" in refused("deadlines", "show", "nobody", "-s", shop)


def test_there_are_none(one_event: str) -> None:
    """That is said."""
    assert exit_code_of("deadlines", "ls", "-s", one_event)[1] == "no deadlines\n"


def test_cancel(shop: str) -> None:
    """What is overdue does not fire meanwhile; what is not there is refused before anything is done."""
    assert "no deadline 'nobody'" in refused("deadlines", "cancel", "later", "nobody", "-s", shop, "-a", APP)
    data = answered("deadlines", "cancel", "later", "refused", "-s", shop, "-a", APP)
    assert data == {"cancelled": ["later", "refused"]}
    assert answered("deadlines", "ls", "-s", shop)["counts"] == {"pending": 0, "overdue": 3, "failed": 0}


def test_retry(shop: str) -> None:
    """What failed is due again; an engine sends it when it opens."""
    assert "no deadline 'later' has failed" in refused("deadlines", "retry", "later", "-s", shop, "-a", APP)
    assert answered("deadlines", "retry", "--all", "-s", shop, "-a", APP) == {"retried": ["refused"]}
    assert answered("deadlines", "ls", "-s", shop)["counts"] == {"pending": 1, "overdue": 4, "failed": 0}
    assert exit_code_of("deadlines", "retry", "--all", "-s", shop, "-a", APP)[1] == "none has failed\n"
    assert "or --all" in refused("deadlines", "retry", "-s", shop, "-a", APP)
    assert "needs your classes" in refused("deadlines", "retry", "--all", "-s", shop)


def test_classes_without_deadlines(one_event: str) -> None:
    """The classes that were given have none: that is said, with the fix."""
    app = "tests.support.bank_app:BANK"
    assert "pass actum.Deadlines" in refused("deadlines", "cancel", "x", "-s", one_event, "-a", app)


def test_beside_an_engine(shop: str) -> None:
    """They are shown; who wants to change them is told which process has the store, and what to do in there."""
    with Conversation(ENGINE, shop) as engine:
        assert answered("deadlines", "ls", "-s", shop)["counts"]["failed"] == 1
        message = refused("deadlines", "cancel", "later", "-s", shop, "-a", APP)
        assert f"in process {engine.process.pid}" in message
        assert "await engine.cancel('later')" in message
        assert "await engine.retry_deadline('x')" in refused("deadlines", "retry", "x", "-s", shop, "-a", APP)
