"""The pictures in docs/ are true: what the dashboard draws now is what they show, to the last byte."""

from __future__ import annotations

import pytest
from actum.monitor import sites
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.pictures.recorded_day import RecordedDay, recorded_day
from tests.pictures.screens import SCREENS, draw
from tests.support.scenes import scene
from tests.support.sources import ROOT

DIRECTORY = ROOT / "docs" / "pictures"


class Lines(SingleFileSnapshotExtension):
    """A screen's letters in a file of its own, so that a difference can be read."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture(scope="module")
def day() -> RecordedDay:
    """The morning that is shown."""
    return recorded_day()


@pytest.fixture(autouse=True)
def sockets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory for the sockets of this test's engines: short, since the system's limit is 108 bytes."""
    place = tmp_path_factory.mktemp("s") / "s"
    monkeypatch.setattr(sites, "directory", lambda: place)


@pytest.mark.parametrize("name", SCREENS)
@scene
async def test_a_picture_is_true(day: RecordedDay, name: str, snapshot: SnapshotAssertion) -> None:
    """Each of the eight screens still looks as docs/dashboard.md shows it; if it should not, `make pictures`."""
    picture = await draw(day, name)
    assert picture.lines == snapshot(extension_class=Lines)
    assert picture.svg == (DIRECTORY / f"{name}.svg").read_text(encoding="utf-8"), "make pictures, and look at them"


@pytest.mark.parametrize("name", SCREENS)
@scene
async def test_a_small_terminal_will_do(day: RecordedDay, name: str, snapshot: SnapshotAssertion) -> None:
    """At 80x24 each screen shows what it is about, and nothing is wider than the terminal."""
    picture = await draw(day, name, width=80, height=24)
    assert picture.lines == snapshot(extension_class=Lines)


def test_no_picture_is_left_over() -> None:
    """There is one for each screen, and docs/dashboard.md shows all of them."""
    assert {path.stem for path in DIRECTORY.glob("*")} == SCREENS.keys()
    page = (ROOT / "docs" / "dashboard.md").read_text()
    assert [name for name in SCREENS if f"(pictures/{name}.svg)" not in page] == []


def test_a_day_is_always_the_same(day: RecordedDay) -> None:
    """Living through the morning again gives the same log and the same frames."""
    again = recorded_day.__wrapped__()
    assert again.log.head == day.log.head
    assert again.frames == day.frames
