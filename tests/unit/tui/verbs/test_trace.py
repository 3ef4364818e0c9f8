"""`trace`, and `--where`: what they print, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import actum
import pytest
from actum import Deadlines, StoredRecord, TraceNode
from actum_tui.command import command
from actum_tui.trace_text import ASCII, branches, what
from click.testing import CliRunner

from tests.support.fulfilment import AddStock, Fulfilment, PlaceOrder, open_shop
from tests.support.scenes import in_time

HOSTILE = "\x1b[31m[@click=app.quit]\u202e"


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A store with one order that waits to be paid, and one whose process fails."""

    async def fill() -> None:
        async with open_shop(tmp_path / "shop", Fulfilment, Deadlines) as engine:
            await engine.send(AddStock(product_id="apple", quantity=5))
            await engine.send(PlaceOrder(order_id="o1", product_id="apple"), correlation_id="basket-1", user_id="ann")
            await in_time(lambda: len(engine.deadlines()) == 1)
            await engine.send(PlaceOrder(order_id=HOSTILE, product_id="buggy"), correlation_id=HOSTILE, user_id=HOSTILE)
            await in_time(lambda: engine.statistics().processes[0].failed == 1)

    actum.run(fill())
    return str(tmp_path / "shop")


def run(*arguments: str) -> tuple[int, str]:
    """A call of the command: its exit code and what it prints."""
    result = CliRunner().invoke(command, list(arguments), prog_name="actum")
    return result.exit_code, result.output


def test_a_tree_for_people(shop: str) -> None:
    """Found by the correlation id, by the position of any of its events, and from a known position."""
    code, text = run("trace", "basket-1", "--store", shop)
    assert code == 0
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["position", "time", "after", "what", "of"]
    assert lines[1][-3:] == ["command", "by", "ann"]
    assert lines[2][-3:] == ["└─", "OrderPlaced", "Order/o1@1"]
    assert "Fulfilment/o1 reacted to OrderPlaced" in text
    assert "deadline CancelOrder in 30 min, at " in text
    assert "ReserveStock" in text
    assert run("trace", "basket-1", "--store", shop, "--at", "2") == (0, text)
    positions = [line[0] for line in lines[1:] if line[0].isdecimal()]
    for position in positions:
        assert run("trace", position, "--store", shop) == (0, text)


def test_a_tree_for_programs(shop: str) -> None:
    """The same nodes, each with its parent and its record."""
    code, text = run("trace", "basket-1", "--store", shop, "--json")
    data = json.loads(text)["data"]
    assert code == 0
    assert data["whole"]
    assert [node["kind"] for node in data["nodes"]] == ["command", "event", "step", "deadline", "command", "event"]
    assert [node["parent"] for node in data["nodes"]] == [None, 0, 1, 2, 2, 4]
    assert data["nodes"][1]["record"]["correlation_id"] == "basket-1"
    assert data["nodes"][0]["record"] is None


def test_nothing_belongs_to_it(shop: str) -> None:
    """Where it was looked is said; what is no id is refused."""
    assert "nothing belongs to nobody: looked at positions 1 to " in run("trace", "nobody", "--store", shop)[1]
    assert run("trace", "", "--store", shop)[0] == 2


def test_data_is_shown_as_data(shop: str) -> None:
    """A hostile key, user and id stand there as text; and why the process failed."""
    code, text = run("trace", HOSTILE, "--store", shop)
    assert code == 0
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert r"by \x1b[31m[@click=app.quit]\u202e" in text
    assert "failed: ZeroDivisionError: a bug" in text


def test_events_by_a_filter(shop: str) -> None:
    """`ls`, `tail` and `export` take it; what is none is refused with its fault."""
    code, text = run("events", "ls", "--store", shop, "--where", "type:order* product_id=apple", "--json")
    assert code == 0
    assert [record["key"] for record in json.loads(text)["data"]["records"]] == ["o1"]
    assert run("events", "tail", "--store", shop, "--where", "position>2 position<=3")[1].count("\n") == 2
    assert run("events", "tail", "--store", shop, "--where", "position>2 position<2")[1] == "no events\n"
    assert run("export", "-", "--store", shop, "--where", "aggregate=Stock")[1].count("\n") == 2
    code, text = run("events", "ls", "--store", shop, "--where", "position>x")
    assert code == 2
    assert "'x' is no whole number: write as in position>1000" in text


def node(parent: int | None, depth: int, **changes: Any) -> TraceNode:
    """A node."""
    record = StoredRecord(
        event=changes.pop("event", {"@type": "Happened"}),
        aggregate="Thing",
        key="t",
        version=1,
        previous=0,
        timestamp_ns=0,
        command_id_bytes=bytes(16),
    )
    fields: dict[str, Any] = {"kind": "event", "name": "", "after_ns": 0, "record": record, **changes}
    return TraceNode(parent=parent, depth=depth, **fields)


def test_branches() -> None:
    """Lines lead from each cause to what it has caused, also in a terminal that has only ASCII."""
    nodes = [node(None, 0), node(0, 1), node(1, 2), node(0, 1), node(3, 2), node(None, 0)]
    assert branches(nodes) == ["", "├─ ", "│  └─ ", "└─ ", "   └─ ", ""]
    assert branches(nodes, ASCII) == ["", "|- ", "|  `- ", "`- ", "   `- ", ""]


def test_what_the_engine_never_writes_has_words_too() -> None:
    """Steps and deadlines without their fields."""
    assert what(node(None, 0, kind="step", name="P/k", event={"@type": "actum.ProcessEnded"})) == "P/k was ended"
    assert what(node(None, 0, kind="step", name="P/k", event=["x"])) == "P/k reacted to ?"
    assert what(node(None, 0, kind="deadline", event=["x"])) == "deadline  in ?"
