"""`status`, `verify`, `doctor`: how a store is."""

from __future__ import annotations

import actum
import click

from actum_tui.call import Call, verb
from actum_tui.output import Answer, findings_listing, pairs
from actum_tui.verbs.checkups import automation_findings


def register(command: click.Group) -> None:
    """Add the verbs."""
    verb(command, "status")(status)
    verb(command, "verify")(
        click.option("--head", metavar="POSITION:HASH", help="A head noted earlier: prove that the log still has it.")(
            verify
        )
    )
    verb(command, "doctor")(doctor)


def status(call: Call) -> Answer:
    """Show where a store stands: its head, id and events.

    Note the head somewhere else: `verify --head` proves later that nothing before it was changed.
    """
    with call.open() as store:
        head, manifest = store.head, store.manifest
        last = store.record(head.position) if head.position else None
        tags = sorted({schema.tag for schema in store.schemas()})
        data = {
            "head": actum.show_head(head),
            "position": head.position,
            "last_event": None if last is None else last.timestamp.isoformat(),
            "event_types": tags,
            "store_id": manifest.store_id,
            "format": manifest.format_version,
            "created_ns": manifest.created_ns,
        }
        shown = pairs(
            ("store", call.path),
            ("head", actum.show_head(head)),
            ("events", head.position),
            ("last event", None if last is None else last.timestamp),
            ("event types", ", ".join(tags)),
            ("store id", manifest.store_id),
            ("format", manifest.format_version),
        )
    return Answer(data, [shown])


def verify(call: Call, head: str | None) -> Answer:
    """Read everything and check it: pages, hashes, the chain, versions, links, types, checkpoints.

    With --app also views and states: those in the checkpoints are compared with ones made again from the log.
    """
    if call.app is not None:
        call.application()  # what is wrong with it is said before the long reading
    with call.open() as store, call.progress("verifying") as progress:
        report = store.verify(head=head, progress=progress)
    findings = list(report.findings)
    if call.app is not None and report.ok:
        findings += actum.run(derived_findings(call))
    bad = any(finding.level == "error" for finding in findings)
    data = {
        "ok": not bad,
        "head": actum.show_head(report.head),
        "frames": report.frames,
        "records": report.records,
        "streams": report.streams,
        "findings": [finding._asdict() for finding in findings],
    }
    verdict = "damaged: see above" if bad else f"fine: {report.records:,} records, head {actum.show_head(report.head)}"
    return Answer(data, [findings_listing(findings), verdict], bad)


async def view_findings(call: Call) -> list[actum.Finding]:
    """One finding for each view."""
    async with call.engine() as engine:
        return [await view_finding(engine, view) for view in call.views()]


async def derived_findings(call: Call) -> list[actum.Finding]:
    """One finding for each view and for the saved states of each class of aggregates; or why there can be none."""
    try:
        async with call.engine() as engine:
            views = [await view_finding(engine, view) for view in call.views()]
            return views + [await states_finding(engine, one) for one in call.aggregates()]
    except actum.StoreMismatch as error:
        return [actum.Finding("error", "classes", str(error))]


async def states_finding(engine: actum.Engine, aggregate: type[actum.Aggregate]) -> actum.Finding:
    """What comparing the saved states of a class came to."""
    name, differences = f"states of {aggregate.__name__}", await engine.verify_snapshots(aggregate)
    if differences.ok:
        return actum.Finding("ok", name, f"{differences.snapshots:,} saved, as the log makes them")
    what = f"{len(differences.different):,} of {differences.snapshots:,} saved are not what the log makes: "
    what += f"{differences.different[0]} among them."
    return actum.Finding("error", name, what, "Delete the directory derived/.")


async def view_finding(engine: actum.Engine, view: type[actum.View[actum.Row]]) -> actum.Finding:
    """What comparing a view came to."""
    name = f"view {view.__name__}"
    try:
        differences = await engine.verify_view(view)
    except actum.ViewBroken as error:
        return actum.Finding("error", name, str(error))
    if differences.ok:
        return actum.Finding("ok", name, f"{differences.rows:,} rows, as the log makes them")
    what = (
        f"{len(differences.missing):,} rows missing, {len(differences.extra):,} too many, "
        f"{len(differences.different):,} different from what the log makes."
    )
    return actum.Finding("error", name, what, "actum views rebuild, or delete the directory derived/.")


def doctor(call: Call) -> Answer:
    """Look at what a store stands on, and at what happens in it by itself: subscriptions, processes, deadlines.

    What is not well comes with the verb that mends it. With --app subscriptions that keep their bookmark themselves are
    looked at too.
    """
    findings = actum.diagnose(call.path)
    if not any(finding.level == "error" for finding in findings):
        try:
            findings += automation_findings(call)
        except actum.ActumError as error:
            findings.append(actum.Finding("error", "log", str(error)))
    bad = any(finding.level == "error" for finding in findings)
    return Answer({"ok": not bad, "findings": [each._asdict() for each in findings]}, [findings_listing(findings)], bad)
