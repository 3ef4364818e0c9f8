"""What a command and its events hold is nobody's business: no message, no log line and no repr of actum shows it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import actum
import pytest
from actum import (
    ActumError,
    Aggregate,
    Command,
    CommandFailed,
    Engine,
    Envelope,
    Event,
    Invalid,
    Options,
    Query,
    Receipt,
    Row,
    Send,
    View,
    ViewBroken,
    answer,
    decide,
    evolve,
    project,
)

from tests.support.damage import patch
from tests.support.scenes import scene

CANARY = "4711-canary-0815"


class Tell(Command):
    """Tell a secret, in some way."""

    name: str
    secret: Any
    how: str = "well"


class Told(Event):
    """It was told."""

    name: str
    secret: str


class Confidant(Aggregate, key="name"):
    """Keeps secrets; some it can't."""

    secrets: list[str] = []

    @decide
    def tell(self, command: Tell) -> Iterator[Told]:
        """Well, or not."""
        if command.how == "fail":
            raise ZeroDivisionError
        yield Told(name=command.name, secret=command.secret)

    @evolve
    def told(self, event: Told) -> None:
        """Remember."""
        self.secrets.append(event.secret)


class Secret(Row, key="name"):
    """One of them."""

    name: str
    secret: str


class Secrets(Query[list[Secret]]):
    """All of them."""

    limit: Any = None


class Diary(View[Secret]):
    """Breaks at the third."""

    @project
    def told(self, event: Told) -> None:
        """Write it down."""
        if len(self) == 2:
            raise ZeroDivisionError
        self.put(Secret(name=event.name, secret=event.secret))

    @answer
    def all(self, query: Secrets) -> list[Secret]:
        """Read."""
        return self.order_by("name", limit=query.limit)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, its cause, and the causes of that."""
    while error is not None:
        yield error
        error = error.__cause__


@scene
async def test_nothing_private_is_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong: wrong types, bugs in handlers, broken views, damage, and everything's repr."""
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    async def noted(envelope: Envelope, send: Send) -> Receipt:
        seen.append(repr(envelope))
        return await send(envelope)

    def engine() -> Engine:
        return Engine.open(
            tmp_path / "store", Confidant, Diary, middleware=[noted], options=Options(gc_policy="none", ballast_bytes=0)
        )

    async def failed(expected: type[ActumError], call: Any) -> None:
        with pytest.raises(expected) as caught:
            await call
        seen.extend(f"{error!r} {error}" for error in causes(caught.value))

    async with engine() as bank:
        for wrong in (CANARY.encode(), [CANARY], {CANARY: CANARY}, {"name": CANARY}):
            await failed(Invalid, bank.send(Tell(name="ann", secret=wrong)))
        await failed(CommandFailed, bank.send(Tell(name="ann", secret=CANARY, how="fail")))
        await failed(Invalid, bank.send(Tell(name="ann", secret=CANARY), user_id=[CANARY]))  # type: ignore[arg-type]
        await failed(Invalid, bank.send([CANARY]))  # type: ignore[arg-type]
        commands = {f"tell {name}": Tell(name=name, secret=CANARY) for name in ("ann", "bob", "cid")}
        seen += [repr(await bank.send(command, command_id=identity)) for identity, command in commands.items()]
        await failed(ViewBroken, bank.ask(Secrets()))
        seen += [repr(await bank.history(Confidant, "ann")), repr(await bank.outcome("tell bob")), repr(bank)]
        seen += [repr(part) for part in vars(bank._core).values() if "." in type(part).__module__]
        seen.append(repr(bank.statistics()))
    with actum.open_store(tmp_path / "store") as store:
        seen += [repr(list(store.records())), repr(store), repr(store.schemas()), repr(store.verify())]
    data = tmp_path / "store" / "log" / "data.mdb"
    patch(data, data.read_bytes().rindex(CANARY.encode()), b"?")
    with pytest.raises(actum.StoreCorrupt) as caught, actum.open_store(tmp_path / "store") as store:
        list(store.records())
    seen.append(str(caught.value))
    with suppress(ActumError):
        async with engine():
            pass
    shown = "\n".join([*seen, *(logging.Formatter("%(message)s").format(record) for record in caplog.records)])
    assert "Envelope Tell" in shown
    assert "<Record 1 Confidant/ann@1 Told>" in shown
    assert "Receipt ann@1" in shown
    assert CANARY not in shown
    assert CANARY.encode() in data.read_bytes()


def test_what_is_shown() -> None:
    """A value that somebody gave as an option or as a path is named, so that it can be found."""
    with pytest.raises(Invalid, match=CANARY):
        Options(mailbox_size_max=CANARY)  # type: ignore[arg-type]
    assert CANARY in actum.diagnose(CANARY)[0].what
