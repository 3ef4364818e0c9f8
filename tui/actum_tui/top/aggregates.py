"""Aggregate classes as rows: how many are awake, what they are sent, how fast they answer."""

from __future__ import annotations

from typing import NamedTuple

from actum import EngineStatistics
from actum.monitor import AggregateVitals

from actum_tui.top.look import Look


class AggregateRow(NamedTuple):
    """One class.

    Attributes:
        name: its name in the log.
        awake: actors.
        commands: a second; None while that is not known.
        p50: seconds from `send` to the answer; None if none was sampled.
        p99: the same, all but one of a hundred.
        rejected: the share of its commands that were answered with an error.
        deepest: commands in the fullest mailbox that was seen.
        quarantined: how many are refused.
    """

    name: str
    awake: int
    commands: float | None
    p50: float | None
    p99: float | None
    rejected: float | None
    deepest: int | None
    quarantined: int

    def data(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "aggregate": self.name,
            "awake": self.awake,
            "commands_per_second": self.commands,
            "acknowledge_seconds_p50": self.p50,
            "acknowledge_seconds_p99": self.p99,
            "rejected_share": self.rejected,
            "deepest_mailbox": self.deepest,
            "quarantined": self.quarantined,
        }


def commands_of(statistics: EngineStatistics) -> int:
    """Commands that were answered since opening."""
    return statistics.accepted + statistics.rejected


def aggregate_rows(look: Look) -> list[AggregateRow]:
    """All classes, those with the most commands first."""
    statistics, vitals = look.now.statistics, look.now.vitals
    if statistics is None:
        return []
    rate = look.statistics_rate(commands_of)
    measured: dict[str, AggregateVitals] = {} if vitals is None else {each.name: each for each in vitals.aggregates}
    rows = [
        of_class(each.name, each.awake, len(each.quarantined), measured.get(each.name), rate)
        for each in statistics.aggregates
    ]
    return sorted(rows, key=lambda row: (-(row.commands or 0.0), -row.awake, row.name))


def of_class(
    name: str, awake: int, quarantined: int, vitals: AggregateVitals | None, rate: float | None
) -> AggregateRow:
    """One class; of one that was not sampled, all is known but how fast it answers."""
    if vitals is None:
        return AggregateRow(name, awake, None if rate is None else 0.0, None, None, None, None, quarantined)
    sampled = vitals.acknowledge.count > 0
    return AggregateRow(
        name=name,
        awake=awake,
        commands=None if rate is None else rate * vitals.share,
        p50=vitals.acknowledge.p50 if sampled else None,
        p99=vitals.acknowledge.p99 if sampled else None,
        rejected=vitals.rejected_share if sampled else None,
        deepest=vitals.deepest,
        quarantined=quarantined,
    )
