"""A turn: the commands of the actors that are ready, decided into the open batch. The hottest code there is.

A command goes through three steps, and the state changes only in the last, after all that can fail:
1. decide: the user's handler, all its events collected;
2. check: every event encoded and decoded again;
3. accept: evolve the state, append the records to the open batch, note the receipt.

It is written for the interpreter: what is the same for all commands of a turn is bound once, as locals and closures,
and what is rare is a method of the actor. Nothing else changes an aggregate's state, but for its waking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Raw

from actum.batch import PLAIN
from actum.codec import encode_into
from actum.errors import Invalid, Rejected
from actum.records import Receipt

if TYPE_CHECKING:
    from collections import deque

    from actum.actor import Accept, Actor, Checked
    from actum.batch import Delivery, OpenBatch
    from actum.directory import Directory
    from actum.scheduler import Scheduler

    Ready: TypeAlias = deque[Actor]


def take_turn(  # noqa: PLR0915  # the hottest loop: each call out of it costs a twentieth of a command
    scheduler: Scheduler, directory: Directory, ready: Ready, batch: OpenBatch
) -> None:
    """Let the actors that are ready work until the batch is full or the turn long enough.

    The common case is written out here to the last attribute: one plain command for an actor that is awake, decided at
    once and into one event. Everything else goes through `work` and `accepter`, which do the same for all cases.
    """
    accept: Accept | None = None  # made when it is needed
    budget, now_ns = scheduler.options.turn_commands_max, scheduler.turn_ns
    first, records, offsets, happened, hashes = batch.first, batch.records, batch.offsets, batch.events, batch.streams
    receipts, actors, events_max, bytes_half = batch.receipts, batch.actors, batch.events_max, batch.bytes_half
    tick, use, make_id = directory.tick, directory.recent.move_to_end, scheduler.id_maker()
    while ready and budget > 0 and not batch.full:
        actor = ready.popleft()
        actor.scheduled = False
        actor.touched = tick
        use(actor)
        mailbox, state = actor.mailbox, actor.state
        if mailbox is None or state is None or len(mailbox) > 1 or actor.decided is not None:
            accept = accept or accepter(scheduler, batch)
            budget -= work_and_stay(actor, budget, accept, ready, batch)
            continue
        command, reply, metadata = delivery = mailbox[0]
        simple = actor.streams.simple.get(type(command))
        size, count = len(records), len(happened)
        if (
            simple is None or metadata is not PLAIN or actor.deciding is not None or reply.done()
            or count >= events_max or size > bytes_half
        ):  # fmt: skip
            accept = accept or accepter(scheduler, batch)
            budget -= work_and_stay(actor, budget, accept, ready, batch)
            continue
        budget -= 1
        actor.mailbox = None
        function, evolves, check, name, snapshot_events_max = simple
        try:
            result: object = function(state, command)
            evolve = evolves.get(type(result))
            events = actor.collect(result) if evolve is None else (check(result),)
        except (Rejected, Invalid) as error:
            actor.reject(reply, error)
            continue
        except BaseException as error:  # noqa: BLE001  # a user's handler may raise anything
            actor.fail(delivery, error)
            continue
        if evolve is None:
            accept = accept or accepter(scheduler, batch)
            if not accept(actor, delivery, events) and actor.can_run:
                actor.scheduled = True
                ready.append(actor)
            continue
        payload, event = events[0]
        key, version, previous, position = actor.key, actor.version + 1, actor.position, first + count
        try:
            command_id = make_id()
            encode_into((Raw(payload), name, key, version, previous, now_ns, command_id, None, None, None), records, -1)
            evolve(state, event)
        except BaseException as error:  # noqa: BLE001  # as above; and to reject is too late here
            del records[size:]
            actor.fail(delivery, error)
            continue
        # From here on nothing can fail.
        offsets.append(size)
        happened.append(event)
        hashes.append(actor.stream)
        if previous < first:
            actors[actor] = previous
        actor.version, actor.position, actor.failures = version, position, 0
        actor.commands += 1
        receipts.append((reply, Receipt(command_id, key, version, position, (event,))))
        if version - actor.snapshot_version >= snapshot_events_max:
            actor.snapshot()


def work_and_stay(actor: Actor, budget: int, accept: Accept, ready: Ready, batch: OpenBatch) -> int:
    """Have an actor work; if something is left that it can do, it is ready again."""
    try:
        return work(actor, budget, accept)
    finally:
        if (actor.mailbox is not None or batch.full) and actor.can_run:
            actor.scheduled = True
            ready.append(actor)


def work(actor: Actor, budget: int, accept: Accept) -> int:
    """Take commands until the mailbox is empty, the budget is spent, or something has to be waited for.

    Gives how many were taken.
    """
    if (actor.state is None or actor.decided is not None) and not actor.prepare(accept):
        return 0  # it comes back when it can
    mailbox = actor.mailbox
    if mailbox is None or actor.deciding is not None:
        return 0
    scheduler, decisions, evolves, check = actor.streams.deciding
    taken = 0
    try:
        for delivery in mailbox if len(mailbox) <= budget else mailbox[:budget]:
            taken += 1
            command, reply, metadata = delivery
            if reply.done():
                scheduler.done += 1  # dropped whole: nobody waits for it any more
                continue
            if metadata is not PLAIN and actor.answered(reply, metadata):
                continue
            function, services, is_async = decisions[type(command)]
            try:
                result = function(actor.state, command, *services) if services else function(actor.state, command)
                if is_async:
                    actor.wait_for(delivery, result)
                    break
                # By its type, not by isinstance, which costs four times as much for a class with a metaclass.
                events = (check(result),) if type(result) in evolves else actor.collect(result)
            except (Rejected, Invalid) as error:
                actor.reject(reply, error)
                continue
            except BaseException as error:  # noqa: BLE001  # a user's handler may raise anything
                actor.fail(delivery, error)
                break
            if not accept(actor, delivery, events):
                break
    finally:  # what was taken leaves the mailbox even if a handler raises something that goes on
        if taken == len(mailbox):
            actor.mailbox = None
        else:
            del mailbox[:taken]
    return taken


def accepter(scheduler: Scheduler, batch: OpenBatch) -> Accept:
    """What takes a decision into a batch: step 3. A closure over the parts of the batch, which never holds it itself.

    A batch that held it would be garbage that only the collector finds.
    """
    first, records, offsets, happened, hashes = batch.first, batch.records, batch.offsets, batch.events, batch.streams
    receipts, actors, has_room = batch.receipts, batch.actors, batch.has_room
    make_id, now_ns = scheduler.id_maker(), scheduler.turn_ns

    def accept(actor: Actor, delivery: Delivery, events: Checked) -> bool:
        if not events:
            actor.accept_nothing(delivery)
            return True
        if not has_room(len(events)):
            actor.decided = (delivery, events, None)
            return False
        _, reply, metadata = delivery
        correlation_id, causation_id, user_id = metadata.correlation_id, metadata.causation_id, metadata.user_id
        traceparent = metadata.traceparent
        streams, state, key, stream = actor.streams, actor.state, actor.key, actor.stream
        name, evolves, mutable, decode, snapshot_events_max = streams.accepting
        size, count = len(records), len(happened)
        version, previous, position = actor.version, actor.position, first + count
        try:
            command_id = metadata.command_id_bytes or make_id()
            for payload, event in events:
                version += 1
                offsets.append(len(records))
                record = (
                    Raw(payload), name, key, version, previous, now_ns, command_id,
                    correlation_id, causation_id, user_id,
                )  # fmt: skip
                encode_into(record if traceparent is None else (*record, traceparent), records, -1)
                happened.append(event)
                hashes.append(stream)
                previous = position
                position += 1
                kind = type(event)
                evolves[kind](state, decode(payload) if mutable and kind in mutable else event)
        except BaseException as error:  # noqa: BLE001  # as in `work`; and to reject is too late here
            del records[size:], offsets[count:], happened[count:], hashes[count:]
            actor.fail(delivery, error)
            return False

        # From here on nothing can fail.
        if actor.position < first:
            actors[actor] = actor.position
        actor.version, actor.position, actor.failures = version, previous, 0
        written = streams.copied(events) if mutable or len(events) != 1 else (events[0][1],)
        receipts.append((reply, Receipt(command_id, key, version, previous, written)))
        actor.commands += 1
        if metadata.command_id_bytes is not None:
            actor.remember(command_id, previous)
        if version - actor.snapshot_version >= snapshot_events_max:
            actor.snapshot()
        return True

    return accept
