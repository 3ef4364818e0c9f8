"""Tables of data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from actum_tui.top.grid import Grid, GridColumn, GridRow, new_file, sortable
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tests.support.scenes import scene

COLUMNS = (GridColumn("key"), GridColumn("amount", right=True))


class Shown(App[None]):
    """A table alone."""

    def compose(self) -> ComposeResult:
        """It."""
        yield Grid(COLUMNS, name="accounts")

    @property
    def grid(self) -> Grid:
        """It."""
        return self.query_one(Grid)


def row(key: str, amount: int) -> GridRow:
    """A row."""
    return GridRow(key, (key, f"{amount:,}"), (key, amount), {"key": key, "amount": amount})


def texts(grid: Grid) -> list[list[str]]:
    """What is seen."""
    return [[cell.plain for cell in grid.get_row_at(number)] for number in range(grid.row_count)]


@scene
async def test_what_changes_is_drawn() -> None:
    """Cells, new rows, gone rows; the cursor stays on its row."""
    async with Shown().run_test() as pilot:
        grid = pilot.app.query_one(Grid)
        grid.show([row("a", 1), row("b", 2), row("c", 3)])
        await pilot.press("down", "down")
        assert grid.current is not None
        assert grid.current.key == "c"
        grid.show([row("a", 1), row("b", 20), row("c", 3)])
        assert texts(grid)[1] == ["b", "20"]
        grid.show([row("x", 0), row("c", 4), row("b", 20)])
        await pilot.pause()
        assert texts(grid) == [["x", "0"], ["c", "4"], ["b", "20"]]
        assert grid.current is not None
        assert grid.current.key == "c"
        grid.show([])
        assert grid.current is None


@scene
async def test_sorting() -> None:
    """By each column in turn, and the other way round; the header says so; clicks do the same."""
    async with Shown().run_test() as pilot:
        grid = pilot.app.query_one(Grid)
        grid.focus()
        grid.show([row("b", 10), row("a", 9), row("c", 100)])
        await pilot.press("s")
        assert [cells[0] for cells in texts(grid)] == ["a", "b", "c"]
        await pilot.press("s")
        assert [cells[1] for cells in texts(grid)] == ["9", "10", "100"]
        await pilot.press("S")
        assert [cells[1] for cells in texts(grid)] == ["100", "10", "9"]
        assert [column.label.plain for column in grid.ordered_columns] == ["key", "amount▼"]
        grid.show([row("b", 10), row("a", 900), row("c", 100)])
        assert [cells[1] for cells in texts(grid)] == ["900", "100", "10"]
        await pilot.press("s")
        assert [cells[0] for cells in texts(grid)] == ["b", "a", "c"]
        await pilot.click(Grid, offset=(1, 0))
        assert [cells[0] for cells in texts(grid)] == ["a", "b", "c"]


@scene
async def test_data_is_data() -> None:
    """Markup, controls and escapes are seen as text; what is long is cut."""
    async with Shown().run_test() as pilot:
        grid = pilot.app.query_one(Grid)
        grid.show([GridRow("k", ("[@click=app.quit]x[/]\x1b[2J\u202e", "y" * 10_000))])
        await pilot.pause()
        ((first, second),) = texts(grid)
        assert first == "[@click=app.quit]x[/]\\x1b[2J\\u202e"
        assert len(second) < 300


@scene
async def test_copy_and_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row as JSON to the clipboard; all that are shown into a new private file."""
    monkeypatch.chdir(tmp_path)
    async with Shown().run_test() as pilot:
        grid = pilot.app.query_one(Grid)
        grid.focus()
        grid.show([row("a", 1), row("b", 2)])
        await pilot.press("down", "y")
        assert json.loads(pilot.app.clipboard) == {"key": "b", "amount": 2}
        await pilot.press("e", "e")
    first, second = sorted(tmp_path.iterdir())
    assert first.name == "actum-accounts-1.jsonl"
    assert first.stat().st_mode & 0o777 == 0o600
    assert [json.loads(line) for line in second.read_text().splitlines()] == [
        {"key": "a", "amount": 1},
        {"key": "b", "amount": 2},
    ]


@scene
async def test_an_export_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dashboard goes on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("actum_tui.top.grid.new_file", lambda _: tmp_path / "missing" / "x")
    async with Shown().run_test() as pilot:
        grid = pilot.app.query_one(Grid)
        grid.focus()
        grid.show([row("a", 1)])
        await pilot.press("e")
        await pilot.pause()
        assert [note.severity for note in pilot.app._notifications] == ["error"]


@scene
async def test_other_columns() -> None:
    """The rows go with them."""
    async with Shown().run_test() as pilot:
        grid = pilot.app.query_one(Grid)
        grid.show([row("a", 1)])
        grid.respec([GridColumn("only")])
        grid.show([GridRow("z", ("z",), ("z",))])
        assert texts(grid) == [["z"]]


@given(st.lists(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()))
def test_anything_sorts(values: list[object]) -> None:
    """Whatever stands in a column."""
    assert len(sorted(values, key=sortable)) == len(values)


def test_new_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is overwritten."""
    monkeypatch.chdir(tmp_path)
    Path("actum-x-1.jsonl").touch()
    assert new_file("x") == Path("actum-x-2.jsonl")
