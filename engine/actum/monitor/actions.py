"""What may be done to a running engine from outside: rebuild, checkpoint, retry, release.

Refused unless the engine was opened with `admin=True`. Who wanted what, and what came of it, is written to Python's
logging. What ends badly raises a sentence; what was done and has not helped, because what was tried again failed
again, says so in its `ActionDone`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec
from actum_storage import ActumError, ReadOnly

from actum.automation.automation import timer_of, writing
from actum.automation.process_step import instance_of
from actum.errors import CommandFailed, EngineClosed, Invalid, reason_of, shown
from actum.logbook import facts
from actum.monitor.requests import (
    ActionDone,
    Checkpoint,
    Rebuild,
    Release,
    RetryDeadLetter,
    RetryDeadline,
    RetryProcess,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from actum.core import Core
    from actum.monitor.requests import Action

log = logging.getLogger("actum.monitor")

#: How often it is looked how far a rebuild is.
LOOK_SECONDS = 0.25


async def act(
    core: Core, action: Action, *, admin: bool, who: str, told: Callable[[int, int], object] | None = None
) -> ActionDone:
    """Do something, and say in a sentence what has come of it.

    Cancelling gives up a rebuild, and a dead letter that is being handled; for all else it ends the waiting only.

    Args:
        core: of the engine.
        action: what to do.
        admin: whether the engine takes actions.
        who: wants it; for the logging.
        told: how far it is: so much, of so much.

    Raises:
        ReadOnly: the engine takes no actions.
        Invalid: there is nothing of this name to do it to.
        ActumError: what the same method of the engine raises.
    """
    what = sentence_of(action)
    concerned: dict[str, Any] = msgspec.structs.asdict(action)
    concerned |= {"action": type(action).__struct_config__.tag, "who": who}
    if not admin:
        log.warning("%s wanted to %s: refused", who, what, extra=facts("action refused", **concerned))
        raise ReadOnly(
            f"this engine takes no actions from outside, so it did not {what}: "
            "open it with Engine.open(..., monitor=True, admin=True)"
        )
    log.info("%s wants to %s", who, what, extra=facts("action begun", **concerned))
    try:
        done = await perform(core, action, told)
    except asyncio.CancelledError:
        log.warning("%s waits no longer to %s", who, what, extra=facts("action left", **concerned))
        raise
    except Exception as error:
        said = facts("action failed", error, **concerned)
        log.warning("%s could not %s: %s", who, what, reason_of(error), extra=said)
        if isinstance(error, ActumError):
            raise
        raise CommandFailed(f"it could not {what}: {reason_of(error)}") from error
    log.info("%s could %s: %s", who, what, done.message, extra=facts("action done", **concerned))
    return done


def sentence_of(action: Action) -> str:
    """What is wanted, in words that follow a "to"."""
    match action:
        case Rebuild(view):
            return f"rebuild the view {view}"
        case Checkpoint():
            return "save a checkpoint"
        case RetryProcess(process, key):
            return f"retry {process}/{key}"
        case RetryDeadLetter(subscription, position):
            return f"retry the dead letter of {subscription} at position {position:,}"
        case RetryDeadline(deadline_id):
            return f"retry the deadline {deadline_id}"
        case Release(aggregate, key):
            return f"release {aggregate}/{key}"


async def perform(core: Core, action: Action, told: Callable[[int, int], object] | None) -> ActionDone:
    """Do it."""
    match action:
        case Rebuild(view):
            return await rebuild(core, view, told)
        case Checkpoint():
            return await save_checkpoint(core)
        case RetryProcess(process, key):
            return await retry_process(core, process, key)
        case RetryDeadLetter(subscription, position):
            return await retry_letter(core, subscription, position)
        case RetryDeadline(deadline_id):
            row = await timer_of(writing(core)).retry(deadline_id)
            return ActionDone(f"{row.command} is sent again now; should it be refused again, it is listed again")
        case Release(aggregate, key):
            return release(core, aggregate, key)


async def rebuild(core: Core, name: str, told: Callable[[int, int], object] | None) -> ActionDone:
    """Fold a view again; tell how far it is meanwhile."""
    if name not in core.views:
        raise Invalid(f"view={shown(name)} is no view of this engine: {listed(core.views)}")
    started = core.clock.monotonic_ns()
    looking = None if told is None else asyncio.create_task(look(core, name, told), name="actum monitor: rebuild")
    try:
        await core.rebuilder.rebuild(name)
    finally:
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
    view, seconds = core.views[name], (core.clock.monotonic_ns() - started) / 1e9
    return ActionDone(
        f"{name} is rebuilt as of position {view.position:,}: {len(view.table):,} rows in {seconds:,.1f} s"
    )


async def look(core: Core, name: str, told: Callable[[int, int], object]) -> None:
    """Tell how far a rebuild is, until this is cancelled."""
    while True:
        under_way = core.rebuilder.under_way.get(name)
        if under_way is not None:
            told(under_way.twin.position, core.scheduler.durable)
        await asyncio.sleep(LOOK_SECONDS)


async def save_checkpoint(core: Core) -> ActionDone:
    """Save derived state, or say why it could not be saved."""
    checkpointer = core.checkpointer
    if checkpointer is None:
        raise Invalid("this engine saves no checkpoints: it has no directory, or only reads")
    if not await checkpointer.checkpoint():
        failure = "the reason is in the log" if checkpointer.failure is None else reason_of(checkpointer.failure)
        raise CommandFailed(f"the checkpoint could not be saved, which costs nothing but a slower opening: {failure}")
    return ActionDone(
        f"a checkpoint is saved as of position {checkpointer.position:,}, in {checkpointer.seconds:,.1f} s"
    )


async def retry_process(core: Core, process: str, key: str) -> ActionDone:
    """Have a failed instance react again, and look what has become of it."""
    runner = next((one for one in writing(core).runners if one.kind.name == process), None)
    if runner is None:
        names = (one.kind.name for one in core.runners)
        raise Invalid(f"process={shown(process)} is no process of this engine: {listed(names)}")
    await runner.retry(key)
    row = runner.roster.view.get(instance_of(process, key))
    if row is None:
        return ActionDone(f"{process}/{key} went on, and is done")
    if row.status == "failed":
        return ActionDone(f"{process}/{key} failed again at position {row.failed_position:,}: {row.reason}", well=False)
    return ActionDone(f"{process}/{key} goes on")


async def retry_letter(core: Core, subscription: str, position: int) -> ActionDone:
    """Have a dead letter handled again; that its handler raises again is an answer."""
    consumer = next((one for one in core.subscriptions if one.name == subscription), None)
    if consumer is None:
        names = (one.name for one in core.subscriptions)
        raise Invalid(f"subscription={shown(subscription)} does not run in this engine: {listed(names)}")
    letters = consumer.worker.keeping.letters
    before = letters.get(position)
    try:
        await consumer.retry(position)
    except EngineClosed:
        raise
    except Exception as error:
        after = letters.get(position)
        if before is None or after is None or after.attempts == before.attempts:
            raise
        what = f"the event at position {position:,} failed again, for the {ordinal(after.attempts)} time"
        return ActionDone(f"{what}: {reason_of(error)}", well=False)
    return ActionDone(f"{subscription} has handled the event at position {position:,}")


def release(core: Core, aggregate: str, key: str) -> ActionDone:
    """Let a quarantined aggregate work again."""
    streams = core.directory.streams.get(aggregate)
    if streams is None:
        raise Invalid(f"aggregate={shown(aggregate)} is none of this engine: {listed(core.directory.streams)}")
    actor = streams.actors.get(key)
    if actor is None or not actor.release():
        raise Invalid(f"{aggregate}/{key} is not in quarantine: there is nothing to release")
    return ActionDone(f"{aggregate}/{key} takes commands again")


def listed(names: Iterable[str]) -> str:
    """What there is."""
    return f"it has {', '.join(sorted(names)) or 'none'}"


def ordinal(number: int) -> str:
    """Which time it is: 1st, 2nd, 3rd, 4th."""
    last = 0 if number % 100 in {11, 12, 13} else number % 10
    return f"{number:,}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"
