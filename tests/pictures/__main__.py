"""`make pictures`: draws the pictures of docs/dashboard.md again."""

from __future__ import annotations

import actum

from tests.pictures.recorded_day import recorded_day
from tests.pictures.screens import SCREENS, draw
from tests.support.sources import ROOT

DIRECTORY = ROOT / "docs" / "pictures"


def main() -> None:
    """Draw all of them."""
    DIRECTORY.mkdir(exist_ok=True)
    for name in SCREENS:
        picture = actum.run(draw(recorded_day(), name))
        (DIRECTORY / f"{name}.svg").write_text(picture.svg, encoding="utf-8")
        print(f"docs/pictures/{name}.svg", flush=True)


if __name__ == "__main__":
    main()
