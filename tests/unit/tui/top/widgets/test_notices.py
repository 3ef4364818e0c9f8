"""Notices: what is not well, above everything else."""

from __future__ import annotations

from actum import Finding
from actum_tui.top.glyphs import ASCII, UNICODE
from actum_tui.top.widgets.notices import Notices, notices_content
from textual.app import App, ComposeResult

from tests.support.scenes import scene

FULL = Finding("error", "disk full", "Commands are refused.", "Free space.")
SLOW = Finding("warning", "view slow", "view [/bad] is slow.\x1b[31m\u202e", "Wait.")


def test_calm() -> None:
    """All is well."""
    assert notices_content([], "all is well", UNICODE, 3).plain == " ✓ all is well"


def test_signs_and_words() -> None:
    """Without colour too; what comes from data is shown as data."""
    assert notices_content([FULL, SLOW], "", ASCII, 3).plain.splitlines() == [
        " X DISK FULL  Commands are refused. Free space.",
        " ! VIEW SLOW  view [/bad] is slow.\\x1b[31m\\u202e Wait.",
    ]


def test_what_has_no_room_is_counted() -> None:
    """So that nobody thinks that is all."""
    assert notices_content([FULL, SLOW, SLOW], "", ASCII, 2).plain.splitlines()[1].startswith(" +1 more   ! VIEW SLOW")


class Noted(App[None]):
    """Notices alone."""

    def compose(self) -> ComposeResult:
        """At the top."""
        yield Notices()


@scene
async def test_they_take_the_room_that_they_need() -> None:
    """One line each, three at most."""
    app = Noted()
    async with app.run_test(size=(80, 24)) as pilot:
        notices = app.query_one(Notices)
        for findings, height in (([], 1), ([FULL, SLOW], 2), ([FULL, SLOW, SLOW, SLOW], 3), ([FULL], 1)):
            notices.show(findings, "all is well")
            await pilot.pause()
            assert notices.size.height == height
