"""`subscriptions ls|reset` on real stores: stopped, running, behind, broken, and kept in a database."""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import actum
import pytest
from actum import StoredSubscription
from actum_tui.verbs.subscriptions import state_of

from tests.support.commands import answered, exit_code_of, refused
from tests.support.fulfilment import OrderPlaced
from tests.support.processes import Conversation
from tests.support.troubled import fill_troubled

APP = "tests.support.troubled:SHOP"
SECOND_NS = 1_000_000_000

#: An engine of the shop; each line is an order, answered by its position when the mailer has seen it.
ENGINE = """
    import asyncio, sys
    import actum
    from tests.support.fulfilment import PlaceOrder
    from tests.support.troubled import Mailer, open_troubled

    async def main():
        async with open_troubled(sys.argv[1]) as shop:
            await shop.subscription(Mailer).caught_up()
            print("open", flush=True)
            while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
                receipt = await shop.send(PlaceOrder(order_id=line, product_id="pear"))
                await shop.subscription(Mailer).caught_up(receipt.position)
                print(receipt.position, flush=True)

    actum.run(main())
"""


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A store in which things went wrong."""
    actum.run(fill_troubled(tmp_path / "shop"))
    return str(tmp_path / "shop")


def test_they_are_listed(shop: str) -> None:
    """Where each stands, without the user's classes; with them also those that have never run."""
    (mailer,) = answered("subscriptions", "ls", "-s", shop)["subscriptions"]
    assert (mailer["name"], mailer["state"], mailer["process"]) == ("mailer", "stopped", None)
    assert mailer["position"] == mailer["head"]
    assert (mailer["lag"], mailer["lag_seconds"], mailer["dead_letters"]) == (0, 0.0, 1)
    code, shown, _ = exit_code_of("subscriptions", "ls", "-s", shop)
    assert code == 0
    assert shown.splitlines()[0].split()[:3] == ["name", "state", "process"]
    other = "tests.unit.tui.verbs.test_subscriptions:NEW"
    assert [one["state"] for one in answered("subscriptions", "ls", "-s", shop, "-a", other)["subscriptions"]] == [
        "stopped",
        "new",
    ]


def test_none_has_run(one_event: str) -> None:
    """That is said."""
    assert answered("subscriptions", "ls", "-s", one_event) == {"subscriptions": []}
    assert exit_code_of("subscriptions", "ls", "-s", one_event)[1] == "no subscription has run here\n"


def test_reset(shop: str) -> None:
    """It goes on behind a position; what is no position, or no subscription, is refused."""
    data = answered("subscriptions", "reset", "mailer", "--position", 3, "-s", shop)
    assert data == {"subscription": "mailer", "position": 3}
    (mailer,) = answered("subscriptions", "ls", "-s", shop)["subscriptions"]
    assert (mailer["position"], mailer["lag"], mailer["dead_letters"]) == (3, mailer["head"] - 3, 0)
    assert mailer["lag_seconds"] > 2 * 86_400
    assert "positions 1 to" in refused("subscriptions", "reset", "mailer", "--position", 999, "-s", shop)
    assert "it knows mailer" in refused("subscriptions", "reset", "nobody", "-s", shop)
    assert "it knows mailer" in refused("subscriptions", "reset", "../mailer", "-s", shop)


def test_beside_its_process(shop: str) -> None:
    """It is live in a process that is named; who wants to change it is told what to do in there."""
    with Conversation(ENGINE, shop) as engine:
        assert engine.first_line == "open"
        engine.ask("one")
        (mailer,) = answered("subscriptions", "ls", "-s", shop)["subscriptions"]
        assert (mailer["state"], mailer["process"]) in {(word, str(engine.process.pid)) for word in ("live", "behind")}
        message = refused("subscriptions", "reset", "mailer", "--position", 3, "-s", shop)
        assert f"runs in process {engine.process.pid}" in message
        assert "await engine.subscription(...).reset(3)" in message
        os.kill(engine.process.pid, signal.SIGKILL)
        engine.process.wait()
    assert answered("subscriptions", "reset", "mailer", "-s", shop)["position"] == 0


def test_what_is_wrong_is_said(shop: str) -> None:
    """A bookmark of another store, and a damaged file: the exit code is 1, and the fix is there."""
    path = Path(shop) / "subscriptions" / "mailer.db"
    connection = sqlite3.connect(path)
    connection.execute("UPDATE bookmark SET store_id = 'other'")
    connection.commit()
    connection.close()
    (mailer,) = answered("subscriptions", "ls", "-s", shop, code=1)["subscriptions"]
    assert (mailer["state"], mailer["fault"]) == ("broken", "its bookmark belongs to store other, not to this one")
    assert "actum subscriptions reset mailer" in exit_code_of("subscriptions", "ls", "-s", shop)[1]
    assert answered("subscriptions", "reset", "mailer", "-s", shop)["position"] == 0
    assert answered("subscriptions", "ls", "-s", shop)["subscriptions"][0]["state"] == "stopped"
    path.write_bytes(b"noise" * 1_000)
    assert "is damaged" in answered("subscriptions", "ls", "-s", shop, code=1)["subscriptions"][0]["fault"]


@pytest.mark.parametrize(
    ("process", "position", "waiting_seconds", "still_seconds", "state"),
    [
        (None, 5, 100, 100, "stopped"),
        (None, None, None, 0, "new"),
        ("7", None, None, 0, "running"),
        ("7", 9, None, 1_000, "live"),
        ("7", 5, 1, 1_000, "behind"),
        ("7", 5, 1_000, 1, "behind"),
        ("7", 5, 40, 40, "stalled"),
    ],
)
def test_the_word_for_it(
    process: str | None, position: int | None, waiting_seconds: int | None, still_seconds: int, state: str
) -> None:
    """As far as that can be seen from outside."""
    now_ns = 10_000 * SECOND_NS
    one = StoredSubscription(
        name="x",
        process=process,
        position=position,
        head=9,
        updated_ns=now_ns - still_seconds * SECOND_NS,
        waiting_ns=None if waiting_seconds is None else now_ns - waiting_seconds * SECOND_NS,
    )
    assert state_of(one, now_ns) == state


class Unheard(actum.Subscription, name="unheard"):
    """Has never run."""

    @actum.handle
    def placed(self, event: OrderPlaced) -> None:
        """Nothing."""


NEW = [Unheard]
