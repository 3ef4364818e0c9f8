"""Instances that nobody runs: their process's class was renamed, or is no longer given. They would wait in silence."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actum.logbook import facts
from actum.processes.instances import Instances
from actum.statistics import ProcessStatistics
from actum.subscriptions.lag import counted

if TYPE_CHECKING:
    from actum.core import Core

log = logging.getLogger("actum.processes")


def left_behind(core: Core) -> tuple[ProcessStatistics, ...]:
    """The processes of a store that have instances and no class, as they stand; each has failed, and says why."""
    live = None if core.timer is None else core.view_of(Instances)
    if live is None or live.broken is not None:
        return ()
    view, known = live.view, {kind.name for kind in core.catalogue.processes}
    found: list[ProcessStatistics] = []
    for mark in view.where(process=""):
        name = mark.instance.removesuffix("/")
        active, failed = (view.count(process=name, status=status) for status in ("active", "failed"))
        if name in known or not active + failed:
            continue
        found.append(
            ProcessStatistics(
                name=name,
                active=active,
                stuck=0,
                failed=failed,
                state="failed",
                position=mark.position,
                lag=core.scheduler.durable - mark.position,
                lag_seconds=0.0,
                heartbeat_seconds=0.0,
                steps=0,
                again=0,
                unroutable=0,
                failure=(
                    f"no class of the process {name} was given to Engine.open, and "
                    f"{counted(active + failed, 'instance')} not ended: give it, with name={name!r} if it was renamed; "
                    "or give any Process of this name and cancel them"
                ),
            )
        )
    return tuple(sorted(found, key=lambda one: one.name))


def tell_left_behind(core: Core) -> None:
    """Say so at opening."""
    for one in left_behind(core):
        log.warning("%s", one.failure, extra=facts("process left behind", process=one.name))
