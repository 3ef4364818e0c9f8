"""What comes from data is text: one line of it, without characters that move, reorder or hide others."""

from __future__ import annotations

#: Stands for a character that can't be seen.
HIDDEN = "\N{REPLACEMENT CHARACTER}"


def plain_text(text: str) -> str:
    """The text in one line, each character visible."""
    return "".join(character if character.isprintable() else HIDDEN for character in " ".join(text.split()))
