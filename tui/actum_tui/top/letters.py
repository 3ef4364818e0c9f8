"""Letters for terminals that have only some: what can't be written becomes something of the same width that can.

Where a stream is not UTF-8 Python writes an escape of six cells for a line of one, and nothing stands where it should.
So the driver, which everything passes that is drawn, writes a look-alike, the letter without its accent, or `?`.
"""

from __future__ import annotations

import unicodedata
from codecs import lookup

from rich.cells import cell_len
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

#: What lines, blocks and signs look like, more or less.
LOOK_ALIKES = {
    **dict.fromkeys("─━═╌┄╴╶╸╺╼╾▔", "-"),
    **dict.fromkeys("│┃║╎┆▏▎▍▌▋▊▉▕▐▖▗▘▝", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋▛▜▙▟", "+"),
    **dict.fromkeys("●•◉⏺⬤", "*"),
    **dict.fromkeys("○◌◦·", "o"),
    **dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True)),
    **dict(zip("░▒▓▀■□", '.%#"#o', strict=True)),
    **dict(
        zip(
            "↑↓→←▲▼▶◀⏵⏷⭘✓✔✖✗✘‖…—\N{EN DASH}µ\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}",
            '^v><^v><>vo++xxx"~--ux ',
            strict=True,
        )
    ),
}


def writable(text: str, encoding: str) -> str:
    """The text in letters that an encoding has, as wide as before.

    Args:
        text: what is to be drawn, with its escape sequences.
        encoding: of the stream.
    """
    if text.isascii():
        return text
    return "".join(letter if letter.isascii() else replaced(letter, encoding) for letter in text)


def replaced(letter: str, encoding: str) -> str:
    """One letter, or what stands for it."""
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        plain = LOOK_ALIKES.get(letter) or unicodedata.normalize("NFKD", letter)[0]
        width = cell_len(letter)
        return plain if plain.isascii() and width == 1 else "?" * width
    return letter


def codec_of(encoding: str | None) -> str:
    """Python's name of a stream's encoding; ASCII, if it has none that Python knows."""
    try:
        return lookup(encoding or "ascii").name
    except LookupError:
        return "ascii"


def driver_that_writes(found: type[Driver], encoding: str | None) -> type[Driver]:
    """The driver for a terminal whose stream has such an encoding.

    Args:
        found: the one for this platform.
        encoding: of the stream that it writes to.
    """
    codec = codec_of(encoding)
    if not issubclass(found, LinuxDriver) or codec.startswith("utf"):
        return found

    class WritableDriver(LinuxDriver):
        """Writes what the stream can take."""

        def write(self, data: str) -> None:
            """Write something."""
            super().write(writable(data, codec))

    return WritableDriver
