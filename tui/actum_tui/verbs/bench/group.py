"""The group of verbs `actum bench`."""

from __future__ import annotations

import click

from actum_tui.verbs.bench import (
    compare,
    floor,
    goals,
    load,
    micro,
    monitor,
    overview,
    peers,
    quick,
    recover,
    report,
    scale,
    sweep,
)


@click.group("bench")
def bench() -> None:
    """Measure actum on this machine: against the floor, under load, as it grows, beside its peers.

    Every title says how durable; every file says on which machine; a run whose check fails gives no figure.
    """


def register(command: click.Group) -> None:
    """Add the group."""
    for module in (quick, floor, micro, load, sweep, recover, scale, monitor, peers, goals, overview, compare, report):
        module.register(bench)
    command.add_command(bench)
