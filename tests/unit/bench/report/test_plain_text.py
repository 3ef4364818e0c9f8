"""What comes from data, as text."""

from __future__ import annotations

from actum_bench.report.plain_text import plain_text


def test_plain_text() -> None:
    """One line, with every character visible; others than ASCII stay."""
    assert plain_text("a\n b\tc \u6f22 é") == "a b c \u6f22 é"
    assert plain_text("\x1b[31m\u202ex\x00\ud800") == "\ufffd[31m\ufffdx\ufffd\ufffd"
