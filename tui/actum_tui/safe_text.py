"""What comes from data is shown as data: nothing in it reaches the terminal as a command."""

from __future__ import annotations

import unicodedata

#: Categories of characters that move the cursor, reorder text, hide, or mean nothing: controls, formats, surrogates,
#: private and unassigned ones, and line and paragraph separators.
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe_text(text: str) -> str:
    """The text with every character that is not plainly visible written as an escape, as Python writes it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(visible, text))


def safe_lines(text: str) -> str:
    """The same for a message of several lines, which stay lines."""
    return "\n".join(map(safe_text, text.splitlines()))


def visible(character: str) -> str:
    """One character, or its escape."""
    if unicodedata.category(character) not in HIDDEN:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode()
