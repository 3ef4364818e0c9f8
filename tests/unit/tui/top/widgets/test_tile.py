"""Tiles: what is shown in how much room, with and without colour."""

from __future__ import annotations

from actum_tui.top.glyphs import ASCII, UNICODE
from actum_tui.top.widgets.tile import Reading, Tile, cut, tile_content
from textual.app import App, ComposeResult

from tests.support.scenes import scene

READING = Reading("acknowledged p99", "1.9 ms", "p50 0.4 ms", samples=(1.0, 2.0, 4.0, 2.0), seen=4, scale="5 ms")


def test_all_of_it_where_there_is_room() -> None:
    """The label with the scale, the value with what stands beside it, the last minutes."""
    assert tile_content(READING, UNICODE, 4, 24, 3).plain.splitlines() == [
        "acknowledged p99  0-5 ms",
        "1.9 ms        p50 0.4 ms",
        " " * 20 + "▂▃▆▃",
    ]


def test_less_where_there_is_less_room() -> None:
    """The scale goes first, then the second figure; the label is cut last."""
    assert tile_content(READING, UNICODE, 4, 18, 2).plain.splitlines() == ["acknowledged p99", "1.9 ms  p50 0.4 ms"]
    assert tile_content(READING, UNICODE, 4, 12, 2).plain.splitlines() == ["acknowledge…", "1.9 ms"]
    assert tile_content(READING, UNICODE, 4, 0, 1).plain == ""


def test_what_is_not_well_says_so_without_colour() -> None:
    """A sign and a word stand beside the value."""
    slow = READING._replace(level="warning", word="slow")
    assert tile_content(slow, ASCII, 4, 40, 2).plain.splitlines()[1] == "1.9 ms ! slow" + "p50 0.4 ms".rjust(27)
    assert "1.9 ms ✖ stuck" in tile_content(READING._replace(level="error", word="stuck"), UNICODE, 4, 40, 2).plain


def test_no_figure_is_no_zero() -> None:
    """What is not known is a dash."""
    assert tile_content(Reading("commands/s"), UNICODE, 4, 20, 3).plain.splitlines()[:2] == ["commands/s", "—"]


def test_texts_are_cut_by_cells() -> None:
    """Wide characters count twice."""
    assert cut("漢字漢字", 5, UNICODE) == "漢字…"
    assert cut("漢字", 4, UNICODE) == "漢字"
    assert cut("ab", 0, UNICODE) == ""


class Tiles(App[None]):
    """Two tiles."""

    def compose(self) -> ComposeResult:
        """One that shows markup, and one that shows a figure."""
        yield Tile(Reading("[red]x[/red] [@click=app.bell]y", "[/bad]"), window=60)
        yield Tile(READING, window=60)


@scene
async def test_tiles_show_data_as_data() -> None:
    """Markup is shown, not followed; a new reading is drawn."""
    app = Tiles()
    async with app.run_test(size=(80, 24)) as pilot:
        hostile, tile = app.query(Tile)
        assert str(hostile.render()).startswith("[red]x[/red] [@click=app.bell]y\n[/bad]")
        tile.show(READING._replace(value="2.5 ms"), 60)
        await pilot.pause()
        assert "2.5 ms" in str(tile.render())
