"""What is not well, above everything else: one line each, or a calm one if all is well.

A notice is a sign, a few words, and a sentence with what to do; in reverse, so that it is seen without colour as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from actum import Finding
from textual.content import Content
from textual.widget import Widget

from actum_tui.safe_text import safe_text
from actum_tui.top.glyphs import UNICODE, Glyphs
from actum_tui.top.widgets.tile import MUTED

STYLES = {"error": "bold $text on $error", "warning": "bold $text on $warning"}


class Notices(Widget):
    """The notices of a moment; at most as many as there is room for, the rest are counted."""

    DEFAULT_CSS = """
    Notices {
        width: 1fr;
        height: auto;
        max-height: 3;
    }
    """

    def __init__(self, *, glyphs: Glyphs = UNICODE) -> None:
        """Nothing to say yet."""
        super().__init__()
        self._glyphs = glyphs
        self._findings: Sequence[Finding] = ()
        self._calm = ""

    def show(self, findings: Sequence[Finding], calm: str) -> None:
        """Show these; the layout changes only when there are more or fewer of them.

        Args:
            findings: errors first.
            calm: what is said if there are none.
        """
        if (findings, calm) != (self._findings, self._calm):
            moved = len(findings) != len(self._findings)
            self._findings, self._calm = findings, calm
            self.refresh(layout=moved)

    def render(self) -> Content:
        """All lines."""
        return notices_content(self._findings, self._calm, self._glyphs, self._room())

    def _room(self) -> int:
        """Notices that there is room for."""
        most = self.styles.max_height
        return int(most.value) if most is not None else len(self._findings)


def notices_content(findings: Sequence[Finding], calm: str, glyphs: Glyphs, room: int) -> Content:
    """Notices as lines; the last one says how many have no room."""
    if not findings:
        return Content.assemble((f" {glyphs.fine} ", "bold $text-success"), (calm, MUTED))
    more = len(findings) - room
    rows = [notice(each, glyphs) for each in findings[:room]]
    if more > 0:
        rows[-1] = Content.assemble((f" +{more} more ", "reverse"), " ", rows[-1])
    return Content("\n").join(rows)


def notice(finding: Finding, glyphs: Glyphs) -> Content:
    """One line."""
    sign = glyphs.error if finding.level == "error" else glyphs.warning
    head = f" {sign} {safe_text(finding.name).upper()} "
    return Content.assemble(
        (head, STYLES[finding.level]), f" {safe_text(finding.what)}", (f" {safe_text(finding.fix)}", MUTED)
    )
