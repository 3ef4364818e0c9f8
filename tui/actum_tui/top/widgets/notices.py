"""What is not well, above everything else: the first one whole, or a calm line if all is well.

A notice is a sign, a few words, and a sentence with what to do; in reverse, so that it is seen without colour as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from actum import Finding
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from actum_tui.safe_text import safe_text
from actum_tui.top.glyphs import UNICODE, Glyphs, shown_with
from actum_tui.top.widgets.tile import MUTED

#: Notices that are shown, on a screen of so many lines, and on a shorter one; the first may have a line or two more.
NOTICES_MAX = 5
NOTICES_MAX_SHORT = 3
TALL_FROM = 30
#: Characters of what somebody's code has said.
WORDS_SIZE_MAX = 500
STYLES = {"error": "bold $text on $error", "warning": "bold $text on $warning"}


class Notices(Widget):
    """The notices of a moment: the first one whole if there is room, of the others one line each; more are counted."""

    DEFAULT_CSS = """
    Notices {
        width: 1fr;
        height: auto;
    }
    """

    def __init__(self, *, glyphs: Glyphs = UNICODE) -> None:
        """Nothing to say yet."""
        super().__init__()
        self._glyphs = glyphs
        self._findings: Sequence[Finding] = ()
        self._calm = ""

    def show(self, findings: Sequence[Finding], calm: str) -> None:
        """Show these; the layout changes only when they need another number of lines.

        Args:
            findings: errors first.
            calm: what is said if there are none.
        """
        if (findings, calm) != (self._findings, self._calm):
            self._findings, self._calm = findings, calm
            self.refresh(layout=len(self._lines(self.size.width)) != self.size.height)

    def render(self) -> Content:
        """All lines."""
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  # as Textual calls it
        """Lines that are needed."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        """Lines of so many cells."""
        room = NOTICES_MAX if self.screen.size.height >= TALL_FROM else NOTICES_MAX_SHORT
        return notice_lines(self._findings, self._calm, self._glyphs, width, room)


def notice_lines(findings: Sequence[Finding], calm: str, glyphs: Glyphs, width: int, room: int) -> list[Content]:
    """Notices as lines: of so many at most; the last one says how many have no room."""
    if not findings:
        return [Content.assemble((f" {glyphs.fine} ", "bold $text-success"), (shown_with(calm, glyphs), MUTED))]
    first, *others = findings
    others, more = others[: room - 1], max(0, len(findings) - room)
    lines = notice(first, glyphs).wrap(max(1, width))[: room + 1 - len(others)]
    lines += [one_line(notice(each, glyphs), width, glyphs) for each in others]
    if more:
        counted = Content.styled(f" +{more} more ", "reverse")
        lines[-1] = one_line(Content.assemble(counted, " ", lines[-1]), width, glyphs)
    return lines


def one_line(content: Content, width: int, glyphs: Glyphs) -> Content:
    """As much of it as fits into a line, marked where it was cut."""
    if content.cell_length <= width:
        return content
    return Content.assemble(content.truncate(max(0, width - 1)), (glyphs.cut, MUTED))


def notice(finding: Finding, glyphs: Glyphs) -> Content:
    """One of them: sign, name, what, and what to do."""
    sign = glyphs.error if finding.level == "error" else glyphs.warning
    head = f" {sign} {safe_text(finding.name).upper()} "
    what = safe_text(finding.what[:WORDS_SIZE_MAX])
    return Content.assemble((head, STYLES[finding.level]), f" {what}", (f" {safe_text(finding.fix)}", MUTED))
