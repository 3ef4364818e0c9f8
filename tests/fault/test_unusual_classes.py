"""Rows, states and reports of classes that are legal and unusual."""

from __future__ import annotations

import json
from pathlib import Path

import actum
import pytest
from actum import Aggregate, Command, Engine, Event, Options, Row, View, decide, evolve, project

from tests.support.commands import exit_code_of


class Place(Command):
    """Put something somewhere."""

    key: str
    note: str = ""


class Placed(Event):
    """It was put there."""

    key: str
    note: str = ""


class Board(Aggregate, key="key"):
    """Its state has keys that are no text."""

    fields: dict[tuple[int, int], str] = {}

    @decide
    def place(self, command: Place) -> Placed:
        """Always."""
        return Placed(key=command.key, note=command.note)

    @evolve
    def placed(self, event: Placed) -> None:
        """Remember."""
        self.fields[len(self.fields), 7] = event.note


class Sparse(Row, key="key", omit_defaults=True):
    """Is stored without its defaults."""

    key: str
    note: str = ""


class Dense(Row, key="key", array_like=True):
    """Is stored by place."""

    key: str
    fields: dict[tuple[int, int], str] = {}


class SparseView(View[Sparse]):
    """As they come."""

    @project
    def placed(self, event: Placed) -> None:
        """One row each."""
        self.put(Sparse(key=event.key, note=event.note))


class DenseView(View[Dense]):
    """As they come."""

    @project
    def placed(self, event: Placed) -> None:
        """One row each."""
        self.put(Dense(key=event.key, fields={(1, 2): event.note}))


class BrokenView(View[Sparse]):
    """Fails."""

    @project
    def placed(self, event: Placed) -> None:
        """Never well."""
        del event
        raise ZeroDivisionError


APP = [Board, SparseView, DenseView]
BROKEN = [Board, BrokenView, SparseView]


@pytest.fixture
def board(tmp_path: Path) -> str:
    """A closed store with two events."""

    async def fill() -> None:
        options = Options(gc_policy="none", ballast_bytes=0)
        async with Engine.open(tmp_path / "board", *APP, options=options) as engine:
            await engine.send(Place(key="a"))
            await engine.send(Place(key="b", note="here"))

    actum.run(fill())
    return str(tmp_path / "board")


def test_unusual_rows_and_states(board: str) -> None:
    """Every field is shown by its name, however it is stored, and keys are texts."""
    app = f"{__name__}:APP"
    code, said, _ = exit_code_of("views", "show", "SparseView", "-s", board, "-a", app, "--json")
    assert (code, json.loads(said)["data"]["rows"]) == (0, [{"key": "a", "note": ""}, {"key": "b", "note": "here"}])
    code, said, _ = exit_code_of("views", "show", "DenseView", "-s", board, "-a", app, "--json")
    assert (code, json.loads(said)["data"]["rows"][1]) == (0, {"key": "b", "fields": {"(1, 2)": "here"}})
    code, said, _ = exit_code_of("state", "Board", "b", "-s", board, "-a", app, "--json")
    assert (code, json.loads(said)["data"]["state"]) == (0, {"fields": {"(0, 7)": "here"}})
    for view in ("SparseView", "DenseView"):
        assert exit_code_of("views", "show", view, "-s", board, "-a", app)[0] == 0


def test_a_broken_view_among_others(board: str) -> None:
    """It is a finding beside all the others."""
    for verb in ("verify", "views verify"):
        code, said, _ = exit_code_of(*verb.split(), "-s", board, "-a", f"{__name__}:BROKEN", "--json")
        findings = {each["name"]: each["level"] for each in json.loads(said)["data"]["findings"]}
        assert code == 1
        assert (findings["view BrokenView"], findings["view SparseView"]) == ("error", "ok")
    assert exit_code_of("verify", "-s", board, "-a", "nothing:x")[0] == 2


def test_compacting_with_an_app_that_is_none(board: str) -> None:
    """It is said before anything is done."""
    data = Path(board) / "log" / "data.mdb"
    before = data.stat().st_ino
    assert exit_code_of("compact", "-s", board, "-a", "nothing:x")[0] == 2
    assert data.stat().st_ino == before
    assert exit_code_of("compact", "-s", board, "-a", f"{__name__}:APP")[0] == 0
    assert data.stat().st_ino != before
