"""What `doctor` says of subscriptions, processes and deadlines."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import actum
import pytest

from tests.support.commands import answered
from tests.support.processes import Conversation
from tests.support.troubled import MENDED, fill_troubled
from tests.unit.tui.verbs.test_subscriptions import APP, ENGINE

NAMES = ("subscription mailer", "process Courier", "process Fulfilment", "deadlines")


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A store in which things went wrong."""
    actum.run(fill_troubled(tmp_path / "shop"))
    return str(tmp_path / "shop")


def findings(store: str, code: int = 0) -> dict[str, Any]:
    """Those about what happens by itself, by name."""
    found = answered("doctor", "-s", store, code=code)["findings"]
    return {each["name"]: each for each in found if each["name"] in NAMES}


def test_everything_is_named_with_the_verb_that_mends_it(shop: str) -> None:
    """Dead letters, failed instances and deadlines: each a warning."""
    found = findings(shop)
    assert list(found) == [*NAMES]
    assert {each["level"] for each in found.values()} == {"warning"}
    assert "1 dead letter." in found["subscription mailer"]["what"]
    assert found["subscription mailer"]["fix"] == "actum dead-letters ls mailer; then retry, or drop"
    assert "1 failed, 1 stuck" in found["process Courier"]["what"]
    assert "actum processes ls Courier --status failed" in found["process Courier"]["fix"]
    assert "1 failed, 3 overdue, 1 pending. ShipOrder of refused" in found["deadlines"]["what"]
    assert "actum deadlines ls --state failed" in found["deadlines"]["fix"]


def test_it_gets_better_as_it_is_mended(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the fixes name takes each warning away, until nothing is left."""
    monkeypatch.setenv(MENDED, "yes")
    answered("dead-letters", "retry", "mailer", "--all", "--now", "-s", shop, "-a", APP)
    assert findings(shop)["subscription mailer"]["level"] == "ok"
    answered("processes", "retry", "Courier", "--all", "-s", shop, "-a", APP)
    assert "--status stuck" in findings(shop)["process Courier"]["fix"]
    answered("processes", "cancel", "Courier", "stuck", "-s", shop, "-a", APP)
    assert findings(shop)["process Courier"]["level"] == "ok"
    answered("processes", "cancel", "Fulfilment", "failed", "-s", shop, "-a", APP)
    assert findings(shop)["process Fulfilment"]["level"] == "ok"
    answered("deadlines", "cancel", "refused", "-s", shop, "-a", APP)
    deadlines = findings(shop)["deadlines"]
    assert (deadlines["level"], "no engine is open" in deadlines["what"]) == ("warning", True)
    with Conversation(ENGINE, shop) as engine:
        assert engine.ask("one")  # by now it has sent what was due
        found = findings(shop)
        assert {name: each["level"] for name, each in found.items()} == dict.fromkeys(NAMES, "ok"), found
        assert f"in process {engine.process.pid}" in found["subscription mailer"]["what"]


def test_a_broken_bookmark_is_an_error(shop: str) -> None:
    """It will not run: the exit code is 1, and the fix is a reset."""
    connection = sqlite3.connect(Path(shop) / "subscriptions" / "mailer.db")
    connection.execute("UPDATE bookmark SET store_id = 'other'")
    connection.commit()
    connection.close()
    mailer = findings(shop, code=1)["subscription mailer"]
    assert (mailer["level"], mailer["fix"]) == ("error", "actum subscriptions reset mailer")


def test_a_store_where_nothing_happens_by_itself(one_event: str) -> None:
    """There is nothing to say."""
    assert findings(one_event) == {}


def test_classes_that_can_not_be_loaded_hide_nothing(shop: str) -> None:
    """Whoever is ill may have a broken module: that is a finding among the others."""
    found = answered("doctor", "-s", shop, "-a", "no_such_module:X", code=1)["findings"]
    assert [each["name"] for each in found if each["level"] == "error"] == ["classes"]
    assert "No module named" in next(each["what"] for each in found if each["name"] == "classes")
    assert {each["name"] for each in found} >= {*NAMES}
