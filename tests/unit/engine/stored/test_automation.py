"""Processes and deadlines of a store, read without the user's classes: the same that an engine knows, and more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from actum import Engine, open_store
from actum_storage import StoreDirectory

from tests.support.fulfilment import Fulfilment, PlaceOrder
from tests.support.processes import Conversation
from tests.support.scenes import scene
from tests.support.troubled import SHOP, Courier, PastClock, fill_troubled, open_troubled, quiet


@scene
async def test_it_is_what_an_engine_knows(tmp_path: Path) -> None:
    """Every instance that is under way, and every deadline, with all that is said of them."""
    await fill_troubled(tmp_path / "shop")
    with open_store(tmp_path / "shop") as store:
        stored = {(one.process, one.key): one for one in store.processes()}
        deadlines = store.deadlines()
    async with Engine.open(tmp_path / "shop", *SHOP.components, read_only=True) as engine:
        assert deadlines == engine.deadlines()
        known: list[Any] = [*engine.processes(Fulfilment), *engine.processes(Courier)]
    assert {key for key, one in stored.items() if one.status != "done"} == {(one.process, one.key) for one in known}
    for each in known:
        one = stored[each.process, each.key]
        assert (one.status, one.since_ns, one.position) == (each.status, each.since_ns, each.position)
        assert (one.failure, one.failed_position) == (each.failure, each.failed_position)
        assert {name: deadline.due_ns for name, deadline in one.deadlines.items()} == each.deadlines
        fields = {name: getattr(each.state, name) for name in each.state.__struct_fields__}
        assert (one.state or dict.fromkeys(fields, "")) == fields


@scene
async def test_the_steps_of_an_instance(tmp_path: Path) -> None:
    """Each with what was written together with it, and with nothing else of its frame."""
    await fill_troubled(tmp_path / "shop")
    with open_store(tmp_path / "shop") as store:
        steps = store.steps("Fulfilment", "stuck")
        assert [step.record.version for step in steps] == [1, 2, 3]
        assert [[output.tag for output in step.outputs] for step in steps] == [
            ["actum.DeadlineScheduled", "StockChanged"],
            ["OrderCancelled"],
            ["actum.DeadlineCancelled", "StockChanged"],
        ]
        assert {output.key for step in steps for output in step.outputs} >= {"apple", "stuck"}
        assert store.steps("Fulfilment", "nobody") == []


@scene
async def test_what_is_done_stays_visible(tmp_path: Path) -> None:
    """An engine forgets it; the log does not."""
    await fill_troubled(tmp_path / "shop")
    with open_store(tmp_path / "shop") as store:
        done = {one.key for one in store.processes() if one.status == "done"}
        assert done == {"stuck", "sold out"}
        assert all(one.deadlines == {} for one in store.processes() if one.status == "done")


def test_a_store_without_any(tmp_path: Path) -> None:
    """There is nothing."""
    StoreDirectory.open(tmp_path / "empty", write=True).close()
    with open_store(tmp_path / "empty") as store:
        assert (store.processes(), store.deadlines(), store.subscriptions()) == ([], [], [])
        assert store.writer is None


@scene
async def test_a_store_that_stays_open_reads_on(tmp_path: Path) -> None:
    """What comes later is seen at the next call, as if all had been read at once."""
    await fill_troubled(tmp_path / "shop")
    reader = (
        "import actum, sys; store = actum.open_store(sys.argv[1])\n"
        "for line in sys.stdin: print(len(store.processes()), len(store.deadlines()), flush=True)\n"
    )
    with Conversation("print('ready', flush=True)\n" + reader, tmp_path / "shop") as reading:
        assert reading.ask("now") == "7 5"
        async with open_troubled(tmp_path / "shop", clock=PastClock(2.998)) as shop:
            await shop.send(PlaceOrder(order_id="more", product_id="apple"))
            await quiet(shop)
            assert reading.ask("now") == "8 6"
        assert reading.ask("now") == "8 6"
