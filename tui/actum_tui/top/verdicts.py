"""What is not well in a frame, each in a sentence with what to do about it: errors first.

The overview shows it above everything else, storage beside its figures, and the twin verbs print it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from actum import (
    Alert,
    DeadlineStatistics,
    EngineStatistics,
    Finding,
    ProcessStatistics,
    SubscriptionStatistics,
    ViewStatistics,
)
from actum.monitor import Frame, StoreVitals, Vitals

from actum_tui.output import duration, size

Severity: TypeAlias = Literal["warning", "error"]

#: Shares of the log's map above which it will be full some day, and soon.
MAP_SHARE_WARNING = 0.85
MAP_SHARE_ERROR = 0.95
#: Bytes on the disk below which it will be full soon, and now.
FREE_BYTES_WARNING = 1_000_000_000
FREE_BYTES_ERROR = 100_000_000
#: Readers of the log: LMDB has room for 512.
READERS_WARNING = 400
#: A reader that stays on a state for so many commits makes the log grow.
READERS_BEHIND_WARNING = 10_000
#: By so much the loop may be late at times.
LOOP_LAG_SECONDS_WARNING = 0.1
#: Keys that are named; more are counted.
NAMED_MAX = 3

STATES: dict[str, Finding] = {
    "full": Finding(
        "error",
        "disk full",
        "Commands are refused with StoreFull; queries go on, and nothing acknowledged is lost.",
        "Free space on the disk: writing goes on by itself.",
    ),
    "failed": Finding(
        "error",
        "engine failed",
        "A commit failed and nobody knows whether the disk has it: no more commands are taken.",
        "Close the engine and open it again; it goes on from what is durable. Its log says why.",
    ),
    "closing": Finding("warning", "engine closing", "It answers what it has, and takes no more commands."),
    "closed": Finding("warning", "engine closed", "It takes no commands and no queries.", "Open it again."),
}
#: What a sentence about an alert's subject begins with.
ALERT_SUBJECTS = {
    "view": "View {} is",
    "subscription": "Subscription {} is",
    "process": "Process {} is",
    "instances": "Instances of process {} are",
    "timer": "The timer, which sends deadlines, is",
    "deadlines": "Deadlines are",
}
#: Where an alert's subject can be looked at, and mended.
ALERT_FIXES = {
    "view": "Mend its handler, then await engine.rebuild(...) or actum views rebuild.",
    "subscription": "actum subscriptions ls, actum dead-letters ls.",
    "process": "actum processes ls.",
    "instances": "actum processes ls, then actum processes retry.",
    "timer": "actum deadlines ls.",
    "deadlines": "actum deadlines ls.",
}


def verdicts(frame: Frame) -> list[Finding]:
    """All that is not well; empty if all is."""
    found: list[Finding] = []
    if frame.statistics is not None:
        found += engine_verdicts(frame.statistics)
    if frame.vitals is not None:
        found += vitals_verdicts(frame.vitals)
    if frame.store is not None:
        found += store_verdicts(frame.store)
    return sorted(found, key=lambda finding: finding.level != "error")


def engine_verdicts(statistics: EngineStatistics) -> Iterator[Finding]:
    """What an engine says of itself."""
    state = STATES.get(statistics.state)
    if state is not None:
        yield state
    if statistics.durability != "full":
        what = "Acknowledged commands may be lost in a power cut, and the store with them."
        yield Finding("warning", "relaxed durability", what, 'Open with Options(durability="full") for real data.')
    broken = {view.name for view in statistics.views if view.state == "broken"}
    alerts = [alert for alert in statistics.alerts if alert.kind != "view" or alert.subject not in broken]
    alerted = {(alert.kind, alert.subject) for alert in alerts}
    yield from (broken_view(view) for view in statistics.views if view.name in broken)
    for aggregate in statistics.aggregates:
        if aggregate.quarantined:
            yield quarantine(aggregate.name, aggregate.quarantined)
    yield from map(alert_verdict, alerts)
    for subscription in statistics.subscriptions:
        yield from subscription_verdicts(subscription, alerted=("subscription", subscription.name) in alerted)
    for process in statistics.processes:
        yield from process_verdicts(process, {kind for kind, name in alerted if name == process.name})
    if statistics.deadlines is not None:
        yield from deadline_verdicts(statistics.deadlines, {kind for kind, _ in alerted})
    checkpoints = statistics.checkpoints
    if checkpoints is not None and checkpoints.failure is not None:
        what = f"The last checkpoint failed: {checkpoints.failure}."
        yield Finding("warning", "checkpoint", what, "Nothing is lost; opening takes longer until one succeeds.")


def alert_verdict(alert: Alert) -> Finding:
    """What was raised and still holds."""
    level: Severity = "warning" if alert.state == "slow" else "error"
    what = f"{ALERT_SUBJECTS[alert.kind].format(alert.subject)} {alert.state}"
    reason = f": {alert.reason}" if alert.reason else ""
    behind = f" {alert.lag:,} behind, {duration(alert.lag_seconds)}." if alert.lag and alert.position else ""
    return Finding(level, f"{alert.kind} {alert.state}", f"{what}{reason}.{behind}", ALERT_FIXES[alert.kind])


def broken_view(view: ViewStatistics) -> Finding:
    """A view that answers nothing any more; the engine says why, and what to do there."""
    what = f"{view.failure or f'view {view.name} is broken'}."
    return Finding("error", "view broken", what, f"With the engine closed: actum views rebuild {view.name}.")


def quarantine(aggregate: str, keys: tuple[str, ...]) -> Finding:
    """Aggregates that are refused."""
    more = f" and {len(keys) - NAMED_MAX:,} more" if len(keys) > NAMED_MAX else ""
    what = f"{aggregate} {', '.join(keys[:NAMED_MAX])}{more}: bugs in a row, commands are refused."
    return Finding("error", "quarantined", what, "Mend the handler, then engine.release(...).")


def subscription_verdicts(subscription: SubscriptionStatistics, *, alerted: bool) -> Iterator[Finding]:
    """A subscription that has stopped, or has put events aside."""
    if subscription.state in {"failed", "stalled"} and not alerted:
        what = f"Subscription {subscription.name} is {subscription.state}: {subscription.failure or 'no reason given'}."
        yield Finding("error", f"subscription {subscription.state}", what, ALERT_FIXES["subscription"])
    if subscription.dead_letters:
        what = f"Subscription {subscription.name} has put {subscription.dead_letters:,} events aside."
        yield Finding("warning", "dead letters", what, "actum dead-letters ls, then actum dead-letters retry.")


def process_verdicts(process: ProcessStatistics, alerted: set[str]) -> Iterator[Finding]:
    """A process that takes no steps, or has instances that have failed."""
    if process.failure is not None and "process" not in alerted:
        yield Finding("error", "process stopped", f"Process {process.name}: {process.failure}.", ALERT_FIXES["process"])
    if process.failed and "instances" not in alerted:
        what = f"{process.failed:,} instances of process {process.name} have failed."
        yield Finding("error", "instances failed", what, ALERT_FIXES["instances"])


def deadline_verdicts(deadlines: DeadlineStatistics, alerted: set[str]) -> Iterator[Finding]:
    """Scheduled commands that were refused, or are not sent any more."""
    if deadlines.failure is not None and "timer" not in alerted:
        yield Finding("error", "timer stopped", f"No deadlines are sent: {deadlines.failure}.", ALERT_FIXES["timer"])
    if deadlines.failing and "deadlines" not in alerted:
        what = f"{deadlines.failing:,} deadlines were refused when they were due."
        yield Finding("warning", "deadlines refused", what, ALERT_FIXES["deadlines"])


def vitals_verdicts(vitals: Vitals) -> Iterator[Finding]:
    """What is measured while somebody looks."""
    if vitals.loop_lag.p99 > LOOP_LAG_SECONDS_WARNING:
        what = f"The loop is late by {vitals.loop_lag.p99 * 1e3:,.0f} ms (p99): something computes in it for too long."
        yield Finding("warning", "loop lag", what, "Move long computations into a thread or a process.")


def store_verdicts(store: StoreVitals) -> Iterator[Finding]:
    """What the directory says."""
    level: Severity
    share = store.log_bytes / store.map_bytes if store.map_bytes else 0.0
    if share > MAP_SHARE_WARNING:
        level = "error" if share > MAP_SHARE_ERROR else "warning"
        what = f"The log uses {size(store.log_bytes)} of the {size(store.map_bytes)} that its map may have."
        yield Finding(level, "map nearly full", what, "actum compact gives unused pages back.")
    if store.free_bytes < FREE_BYTES_WARNING:
        level = "error" if store.free_bytes < FREE_BYTES_ERROR else "warning"
        yield Finding(level, "disk nearly full", f"{size(store.free_bytes)} are free.", "Free space on the disk.")
    if store.readers > READERS_WARNING:
        what = f"{store.readers:,} readers have a place in the log; there is room for 512."
        yield Finding("warning", "many readers", what, "Close stores and followers that nobody needs.")
    if store.readers_behind > READERS_BEHIND_WARNING:
        what = f"A reader still sees the log of {store.readers_behind:,} commits ago: meanwhile the log grows."
        yield Finding("warning", "reader behind", what, "End the process that reads for so long.")
