"""Letters that a terminal does not have."""

from __future__ import annotations

import pytest
from actum_tui.top.letters import LOOK_ALIKES, codec_of, driver_that_writes, writable
from rich.cells import cell_len
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

HOSTILE = "\x1b[31m│é漢字👍\N{COMBINING ACUTE ACCENT}▁█…\N{RIGHT-TO-LEFT OVERRIDE}"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "koi8-r", "utf-8"])
def test_what_is_written_can_be_and_is_as_wide(encoding: str) -> None:
    """Every letter has a stand-in of its width in every encoding; escape sequences stay."""
    written = writable(HOSTILE, encoding)
    written.encode(encoding)
    assert cell_len(written) == cell_len(HOSTILE)
    assert written.startswith("\x1b[31m")


def test_letters_that_are_there_stay() -> None:
    """What the encoding has is not replaced."""
    assert writable("é│漢", "latin-1") == "é|??"
    assert writable("é│漢", "utf-8") == "é│漢"
    assert writable("Zoltán Öztürk", "ascii") == "Zoltan Ozturk"


def test_look_alikes_are_plain() -> None:
    """Each is one letter that every terminal has, for one of the same width."""
    assert all(alike.isascii() and len(alike) == 1 == cell_len(letter) for letter, alike in LOOK_ALIKES.items())


@pytest.mark.parametrize(("encoding", "codec"), [("UTF8", "utf-8"), (None, "ascii"), ("no such", "ascii")])
def test_unknown_encodings_are_taken_for_ascii(encoding: str | None, codec: str) -> None:
    """A stream without a known encoding gets what all can write."""
    assert codec_of(encoding) == codec


def test_only_poor_terminals_get_another_driver() -> None:
    """A terminal of UTF-8 is written to as ever, and so is what is no terminal."""
    assert driver_that_writes(LinuxDriver, "utf-8") is LinuxDriver
    assert driver_that_writes(HeadlessDriver, "ascii") is HeadlessDriver
    assert issubclass(driver_that_writes(LinuxDriver, "ascii"), LinuxDriver)
    assert driver_that_writes(LinuxDriver, "ascii") is not LinuxDriver
