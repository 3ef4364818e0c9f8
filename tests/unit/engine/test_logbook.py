"""Logging with structure: every line has its facts, and the table in the docs names them all."""

from __future__ import annotations

import ast
import logging
import re
from typing import TYPE_CHECKING

import pytest
from actum import ActumError, CommandFailed, MemoryLog, Quarantined, StoreFull
from actum.logbook import FACTS, facts
from actum_storage import StorageError

from tests.support.bank import Deposit, open_bank
from tests.support.fragile import Do, open_fragile
from tests.support.logs import FaultyLog
from tests.support.scenes import scene
from tests.support.sources import ROOT, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Calls in the engine of what has one of these names, and where they are."""
    for source in sources("engine"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                yield f"{source}:{node.lineno}", node


def test_every_line_has_its_facts() -> None:
    """No call of a logger goes without."""
    lines = [*calls(*(f"{log}.{level}" for log in ("log", "actor_log") for level in LEVELS))]
    assert len(lines) > 30
    assert [where for where, call in lines if "extra" not in {keyword.arg for keyword in call.keywords}] == []


def test_facts_have_known_names() -> None:
    """One word for each, and the docs have it."""
    named = {keyword.arg for _, call in calls("facts") for keyword in call.keywords} - {None}
    assert named - FACTS == set()
    page = (ROOT / "docs/operations.md").read_text()
    table = page[page.index("## Logging") : page.index("`actum_error` is the name")]
    assert {name for name in FACTS if f"`{name}`" not in table} == set()


def test_the_docs_list_every_event() -> None:
    """The table has what the engine says, and nothing else."""
    said = {
        str(node.value)
        for _, call in calls("facts")
        for node in ast.walk(call.args[0])
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    page = (ROOT / "docs/operations.md").read_text()
    rows = re.findall(r"^\|[^|]*\|[^|]*\|([^|]*)\|", page[page.index("## Logging") :], re.MULTILINE)
    listed = {event for cell in rows for event in re.findall(r"`([a-z ]+)`", cell)}
    assert listed - {"actum_event"} == said


def test_an_error_is_named_by_its_class() -> None:
    """And what is given beside it has its prefix."""
    assert facts("something", ValueError("x"), view="v", position=3) == {
        "actum_event": "something",
        "actum_error": "ValueError",
        "actum_view": "v",
        "actum_position": 3,
    }


@scene
async def test_a_bug_in_a_handler(caplog: pytest.LogCaptureFixture) -> None:
    """Which aggregate, and what was raised; with the last one that it may have, that it is quarantined."""
    async with open_fragile(quarantine_failures_max=2) as engine:
        for _ in range(2):
            with pytest.raises(CommandFailed):
                await engine.send(Do(key="a", how="badly"))
        with pytest.raises(Quarantined):
            await engine.send(Do(key="a", how="badly"))
    lines = [record.__dict__ for record in caplog.records if record.name == "actum.actor"]
    assert [line["actum_event"] for line in lines] == ["handler failed", "handler failed", "aggregate quarantined"]
    assert {(line["actum_aggregate"], line["actum_key"], line["actum_error"]) for line in lines} == {
        ("Fragile", "a", "ZeroDivisionError")
    }


@scene
async def test_a_full_disk_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """Not at every command that meets it; a store that fails otherwise is told too."""
    log = FaultyLog(MemoryLog())
    with caplog.at_level(logging.INFO, "actum"):
        async with open_bank(log) as bank:
            for error in (StoreFull("no space"), StoreFull("no space"), None, StorageError("the cable")):
                if error is not None:
                    log.fail(error)
                try:
                    await bank.send(Deposit(account_id="ann", amount=1))
                except ActumError:
                    continue
    said = [line.__dict__["actum_event"] for line in caplog.records if line.name == "actum.committer"]
    assert said == ["disk full", "disk recovered", "commit failed"]
