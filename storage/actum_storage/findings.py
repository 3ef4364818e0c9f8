"""What a check found: one sentence each, for people and for programs."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["ok", "warning", "error"]


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        level: "ok"; "warning": it can go on like that; "error": something is lost, wrong, or will be.
        name: what was looked at, in a few words that stay the same: "hash chain".
        what: what was seen, with file and position.
        fix: what to do about it; empty if there is nothing to do.
    """

    level: Level
    name: str
    what: str
    fix: str = ""
