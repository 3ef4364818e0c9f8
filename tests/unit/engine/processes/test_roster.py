"""The instances of a process, by status."""

from __future__ import annotations

from actum import Process, react

from tests.support.clocks import FakeClock
from tests.support.errands import Ask, Asked, idle, open_errands
from tests.support.scenes import scene


class Patient(Process, key="asker", stuck_seconds=60):
    """Waits, unless what it is asked for is bad."""

    @react(starts=True)
    def asked(self, event: Asked) -> None:
        """Wait."""
        if event.errand == "bad":
            raise ValueError("bad")


@scene
async def test_each_instance_has_one_status_and_is_listed_under_it() -> None:
    """Those that failed come first; the others by key."""
    clock = FakeClock()
    async with open_errands(None, Patient, clock=clock) as engine:
        for name, errand, seconds in (
            ("dan", "", 0),
            ("ann", "", 30),
            ("eve", "bad", 0),
            ("bob", "", 31),
            ("cid", "", 0),
        ):
            clock.advance(seconds)
            await engine.send(Ask(asker=name, errand=errand))
            await idle(engine)
        clock.advance(29)
        listed = {
            status: [one.key for one in engine.processes(Patient, status=status)]
            for status in (None, "failed", "stuck", "active")
        }
        assert listed == {
            None: ["eve", "ann", "bob", "cid", "dan"],
            "failed": ["eve"],
            "stuck": ["dan"],
            "active": ["ann", "bob", "cid"],
        }
        assert all(one.status == "stuck" for one in engine.processes(Patient, status="stuck"))
        clock.advance(1)
        assert [one.key for one in engine.processes(Patient, status="stuck")] == ["ann", "dan"]
