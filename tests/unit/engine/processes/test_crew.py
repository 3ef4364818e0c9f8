"""The tasks of the instances that are at work."""

from __future__ import annotations

import asyncio

import pytest
from actum.processes.crew import Crew

from tests.support.scenes import scene, turns


@scene
async def test_the_first_error_is_kept_and_told() -> None:
    """Whoever ends well, or was cancelled, is gone; an error is raised at every look from then on."""
    told: list[str] = []
    crew = Crew(lambda: told.append("failed"))
    held = asyncio.Event()

    async def work(what: str) -> None:
        if what == "hold":
            await held.wait()
        elif what:
            raise ValueError(what)

    crew.put(work(""), "well")
    crew.put(work("hold"), "held")
    await turns(3)
    crew.check()
    assert (len(crew.tasks), told) == (1, [])
    crew.put(work("first"), "first")
    crew.put(work("second"), "second")
    await turns(3)
    assert told == ["failed", "failed"]
    with pytest.raises(ValueError, match="first"):
        crew.check()
    crew.cancel()
    await turns(3)
    assert repr(crew) == "<Crew of 0>"
