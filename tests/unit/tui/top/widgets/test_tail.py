"""The tail of the log: records of a real store as lines."""

from __future__ import annotations

from pathlib import Path

import actum
import pytest
from actum import StoredRecord
from actum_tui.top.glyphs import ASCII, UNICODE
from actum_tui.top.widgets.tail import Tail, fields_text, tail_content
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tests.support.bank import Deposit, Note, open_bank
from tests.support.scenes import scene

HOSTILE = "[@click=app.bell]x[/bad] \x1b[2J\u202e漢字"


@pytest.fixture
def records(tmp_path: Path) -> list[StoredRecord]:
    """Of a bank: two harmless ones, one with all that a terminal could take for something else, a long one."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=5))
            await bank.send(Deposit(account_id="a-22", amount=7_000))
            await bank.send(Note(account_id=HOSTILE, text=HOSTILE))
            await bank.send(Note(account_id="a-1", text="long " * 1_000))

    actum.run(fill())
    with actum.open_store(tmp_path / "bank") as store:
        return list(store.records())


def test_parts_stand_below_each_other(records: list[StoredRecord]) -> None:
    """Position, aggregate with key and version, tag, fields without the key."""
    assert tail_content(records[:2], UNICODE, 80, 5).plain.splitlines() == [
        " 1  Account/a-1  @1  Deposited  amount=5",
        " 2  Account/a-22 @1  Deposited  amount=7000",
    ]


def test_the_newest_are_at_the_bottom_and_there_are_as_many_as_fit(records: list[StoredRecord]) -> None:
    """A wide line has the time as well."""
    (line,) = tail_content(records[:2], UNICODE, 120, 1).plain.splitlines()
    assert line.startswith(f" 2  {records[1].timestamp:%H:%M:%S}.")
    assert tail_content(records, UNICODE, 80, 0).plain == ""


@pytest.mark.parametrize("width", [0, 1, 7, 20, 40, 80, 200])
def test_no_line_is_longer_than_there_is_room(records: list[StoredRecord], width: int) -> None:
    """However long its parts are, and however wide their characters; in ASCII too."""
    for glyphs in (UNICODE, ASCII):
        for line in tail_content(records, glyphs, width, 10).plain.splitlines():
            assert cell_len(line) <= max(width, 20), line


def test_data_is_data(records: list[StoredRecord]) -> None:
    """Escapes are written, markup is shown."""
    shown = tail_content(records, UNICODE, 200, 10).plain
    assert "[@click=app.bell]x[/bad] \\x1b[2J\\u202e漢字" in shown
    assert "\x1b" not in shown
    assert fields_text(["Tag", 1, {"a": [1]}, HOSTILE], "k").startswith('1, {"a":[1]}, [@click')


class Tailed(App[None]):
    """A tail alone."""

    def compose(self) -> ComposeResult:
        """On the whole screen."""
        yield Tail()


@scene
async def test_the_widget(records: list[StoredRecord]) -> None:
    """It says what to do if there is nothing yet, then shows what there is."""
    app = Tailed()
    async with app.run_test(size=(80, 24)) as pilot:
        tail = app.query_one(Tail)
        tail.show([], "no events yet")
        assert str(tail.render()) == " no events yet"
        tail.show(records, "")
        await pilot.pause()
        assert "Noted" in app.export_screenshot()
