"""Notices: what is not well, above everything else."""

from __future__ import annotations

from collections.abc import Sequence

from actum import Finding
from actum_tui.top.glyphs import ASCII, UNICODE, Glyphs
from actum_tui.top.widgets.notices import Notices, notice_lines
from textual.app import App, ComposeResult

from tests.support.scenes import scene

FULL = Finding("error", "disk full", "Commands are refused.", "Free space.")
SLOW = Finding("warning", "view slow", "view [/bad] is slow.\x1b[31m\u202e", "Wait.")


def lines(findings: Sequence[Finding], glyphs: Glyphs, width: int = 80) -> list[str]:
    """Notices as text."""
    return [line.plain for line in notice_lines(findings, "all is well — now", glyphs, width, 4)]


def test_calm() -> None:
    """All is well."""
    assert lines([], UNICODE) == [" ✓ all is well — now"]
    assert lines([], ASCII) == [" + all is well - now"]


def test_signs_and_words() -> None:
    """Without colour too; what comes from data is shown as data."""
    assert lines([FULL, SLOW], ASCII) == [
        " X DISK FULL  Commands are refused. Free space.",
        " ! VIEW SLOW  view [/bad] is slow.\\x1b[31m\\u202e Wait.",
    ]


def test_the_first_is_whole_and_the_others_have_a_line() -> None:
    """So that none is overlooked."""
    shown = lines([FULL, SLOW], UNICODE, 20)
    assert " ".join(" ".join(shown[:-1]).split()) == "✖ DISK FULL Commands are refused. Free space."
    assert shown[-1] == " ▲ VIEW SLOW  view …"


def test_what_has_no_room_is_counted() -> None:
    """So that nobody thinks that is all."""
    shown = lines([FULL, *[SLOW] * 6], UNICODE)
    assert len(shown) == 4
    assert shown[-1].startswith(" +3 more   ▲ VIEW SLOW")


class Noted(App[None]):
    """Notices alone."""

    def compose(self) -> ComposeResult:
        """At the top."""
        yield Notices()


@scene
async def test_they_take_the_room_that_they_need() -> None:
    """One line each if that is enough."""
    app = Noted()
    async with app.run_test(size=(80, 24)) as pilot:
        notices = app.query_one(Notices)
        for findings, height in (([], 1), ([FULL, SLOW], 2), ([FULL, *[SLOW] * 9], 3), ([FULL], 1)):
            notices.show(findings, "all is well")
            await pilot.pause()
            assert notices.size.height == height
