"""The tree of what has come of a command: of a real shop's log, and of records that no log has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from actum import Deadlines, StoredRecord, open_store
from actum.atomic.ids import member
from actum.records import command_id_bytes
from actum.stored.traces import StoredTrace, trace_nodes

from tests.support.clocks import FakeClock
from tests.support.fulfilment import (
    PAY_SECONDS,
    AddStock,
    FillWallet,
    Fulfilment,
    PayOrder,
    PlaceOrder,
    open_shop,
)
from tests.support.scenes import in_time, scene


def outline(trace: StoredTrace) -> list[str]:
    """A tree as lines."""
    lines: list[str] = []
    for node in trace.nodes:
        what = node.record.tag.removeprefix("actum.") if node.kind in ("step", "deadline") else ""
        lines.append("  " * node.depth + " ".join(filter(None, [node.kind, node.name, what])))
    return lines


def check(trace: StoredTrace) -> None:
    """Parents stand before their children, and no record is there twice."""
    for index, node in enumerate(trace.nodes):
        assert node.parent is None or node.parent < index
        assert node.depth == (0 if node.parent is None else trace.nodes[node.parent].depth + 1)
    positions = [record.position for record in trace.records]
    assert positions == sorted(set(positions))


@scene
async def test_an_order_from_placing_to_shipping(tmp_path: Path) -> None:
    """Commands, events, steps, deadlines, and what the steps sent, with the names that the log knows."""
    async with open_shop(tmp_path / "shop", Fulfilment, Deadlines) as shop:
        await shop.send(AddStock(product_id="apple", quantity=5))
        await shop.send(FillWallet(wallet_id="ann", amount=100))
        await shop.send(PlaceOrder(order_id="other", product_id="apple"), correlation_id="basket-2")
        await shop.send(PlaceOrder(order_id="o1", product_id="apple"), correlation_id="basket-1", user_id="ann")
        await in_time(lambda: len(shop.deadlines()) == 2)
        await shop.send(PayOrder(order_id="o1", wallet_id="ann"), correlation_id="basket-1")
        await in_time(lambda: len(shop.processes(Fulfilment)) == 1)
    with open_store(tmp_path / "shop") as store:
        trace = store.trace("basket-1")
        assert trace.whole
        assert (trace.first, trace.last) == (1, store.head.position)
        assert store.trace("basket-1", position=trace.records[2].position) == trace
    check(trace)
    assert outline(trace) == [
        "command",
        "  event OrderPlaced",
        "    step Fulfilment/o1 ProcessStepped",
        "      deadline CancelOrder DeadlineScheduled",
        "      command ReserveStock",
        "        event StockChanged",
        "command",
        "  event OrderPaid",
        "    step Fulfilment/o1 ProcessStepped",
        "      deadline CancelOrder DeadlineCancelled",
        "      command TakePayment",
        "        event MoneyMoved",
        "      command ShipOrder",
        "        event OrderShipped",
    ]
    assert trace.nodes[0].record.user_id == "ann"
    assert all(node.after_ns >= 0 for node in trace.nodes)


@scene
async def test_a_deadline_fires(tmp_path: Path) -> None:
    """Its command hangs below it; and the command's own id leads to the same tree as a step's correlation id."""
    clock = FakeClock()
    async with open_shop(tmp_path / "shop", Fulfilment, Deadlines, clock=clock) as shop:
        await shop.send(AddStock(product_id="apple", quantity=5))
        receipt = await shop.send(PlaceOrder(order_id="o1", product_id="apple"), command_id="order 1")
        await in_time(lambda: len(shop.deadlines()) == 1)
    clock.advance(PAY_SECONDS)
    async with open_shop(tmp_path / "shop", Fulfilment, Deadlines, clock=clock) as shop:
        await in_time(lambda: not shop.processes(Fulfilment))
    with open_store(tmp_path / "shop") as store:
        trace = store.trace("order 1")
        by_id = store.trace(receipt.command_id)
        assert {store.trace_id(record.position) for record in trace.records} == {str(receipt.command_id)}
    check(trace)
    assert outline(trace) == [
        "command",
        "  event OrderPlaced",
        "    step Fulfilment/o1 ProcessStepped",
        "      deadline CancelOrder DeadlineScheduled",
        "        deadline CancelOrder DeadlineFired",
        "          command CancelOrder",
        "            event OrderCancelled",
        "              step Fulfilment/o1 ProcessStepped",
        "                command ReleaseStock",
        "                  event StockChanged",
        "      command ReserveStock",
        "        event StockChanged",
    ]
    assert trace.nodes == by_id.nodes
    assert trace.nodes[4].after_ns == PAY_SECONDS * 1e9


def stored(position: int, **changes: Any) -> StoredRecord:
    """A record."""
    fields: dict[str, Any] = {
        "event": {"@type": "Happened"},
        "aggregate": "Thing",
        "key": "t",
        "version": position,
        "previous": 0,
        "timestamp_ns": position * 1_000,
        "command_id_bytes": position.to_bytes(16),
        "position": position,
    }
    return StoredRecord(**{**fields, **changes})


def test_commands_that_name_their_cause() -> None:
    """They hang below it, unless it stands behind them; and two that name each other are no circle."""
    first, second = (str(stored(position).command_id) for position in (1, 2))
    nodes = trace_nodes([stored(2, causation_id=first), stored(1, causation_id=second), stored(3, causation_id="?")])
    assert [(node.kind, node.record.position, node.parent, node.depth) for node in nodes] == [
        ("command", 1, None, 0),
        ("event", 1, 0, 1),
        ("command", 2, 0, 1),
        ("event", 2, 2, 2),
        ("command", 3, None, 0),
        ("event", 3, 4, 1),
    ]


def step(commands: list[str]) -> StoredRecord:
    """A step that sent some commands."""
    event = {"@type": "actum.ProcessStepped", "instance": "P/k", "position": 1, "commands": commands}
    send = command_id_bytes("step")
    return stored(2, event=event, aggregate="actum.Processes", command_id_bytes=member(send[:14], 0))


def test_names_of_commands_are_said_only_when_they_are_sure() -> None:
    """All of them wrote something, or their numbers fit; else nothing is said."""
    send = command_id_bytes("step")[:14]

    def names(commands: list[str], *indexes: int) -> list[str]:
        written = [stored(3 + at, command_id_bytes=member(send, index)) for at, index in enumerate(indexes)]
        return [node.name for node in trace_nodes([stored(1), step(commands), *written]) if node.kind == "command"][1:]

    assert names(["A", "B"], 1, 2) == ["A", "B"]
    assert names(["A", "B"], 2, 3) == ["A", "B"]
    assert names(["A", "B", "C"], 2) == ["B"]
    assert names(["A", "B", "C"], 5) == [""]
    assert names([], 1) == [""]


def test_what_the_engine_never_writes_is_shown_all_the_same() -> None:
    """Events of its own streams without their fields, or as arrays: each is in the tree once."""
    strange = [
        stored(1, event=["actum.ProcessStepped", 5], aggregate="actum.Processes"),
        stored(2, event={"@type": "actum.DeadlineFired"}, aggregate="actum.Deadlines"),
        stored(3, event={"@type": "actum.ProcessFailed", "position": "x"}, aggregate="actum.Processes"),
        stored(4, event={"@type": "actum.ProcessEnded", "instance": "P/k"}, aggregate="actum.Processes"),
    ]
    nodes = trace_nodes(strange)
    assert [(node.kind, node.parent) for node in nodes] == [
        ("step", None),
        ("deadline", None),
        ("step", None),
        ("step", None),
    ]
    assert trace_nodes([]) == ()
