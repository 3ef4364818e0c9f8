"""`subscriptions ls|reset`: the consumers of a store's log, seen from outside, and mended while they don't run."""

from __future__ import annotations

import time
from typing import Any

import actum
import click
import msgspec
from actum import Bookmark, DeadLetter, StoredSubscription, Subscription

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, duration

SECOND_NS = 1e9
#: Who runs, has events before it, and has written no bookmark for so long, makes no progress.
STALLED_SECONDS = 30.0
STYLES = {"broken": "bold red", "stalled": "red", "behind": "yellow"}
#: Columns that are numbers.
NUMBERS = frozenset({"position", "head", "lag", "behind by", "dead letters"})


def register(command: click.Group) -> None:
    """Add the verbs."""
    group = click.Group("subscriptions", help="What consumes the log, and how far it has come.")
    command.add_command(group)
    verb(group, "ls")(list_subscriptions)
    position = click.option(
        "--position", type=click.IntRange(0), default=0, show_default=True, help="Go on behind this position."
    )
    verb(group, "reset")(click.argument("name")(position(reset)))


def list_subscriptions(call: Call) -> Answer:
    """List subscriptions: where they stand, how far behind, their dead letters.

    With --app also those that keep their bookmark themselves, as SQL projections do, and those that have never run.
    """
    now_ns = time.time_ns()
    with call.open() as store:
        found = known(call, store)
    made = Listing(("name", "state", "process", "position", "head", "lag", "behind by", "dead letters"), NUMBERS)
    for each in found:
        state = state_of(each, now_ns)
        behind = duration(lag_seconds(each, now_ns)) if each.waiting_ns is not None else ""
        letters = len(each.dead_letters)
        row = (each.name, state, each.process, each.position, each.head, each.lag, behind, letters)
        made.add(*row, style=STYLES.get(state, "yellow" if letters else ""))
    hints = [f"{each.name}: {each.fault}. actum subscriptions reset {each.name}" for each in found if each.fault]
    data = [as_data(each, now_ns) for each in found]
    shown = made if found else "no subscription has run here"
    return Answer({"subscriptions": data}, [shown, *hints], bad=bool(hints))


def reset(call: Call, name: str, position: int) -> Answer:
    """Have a subscription go on behind a position, 0 for the beginning. It must not be running.

    The dead letters behind that position come again by themselves. --app is needed for one that keeps its bookmark
    itself.
    """
    subscription = keeping_itself(call, name)
    with call.elsewhere(f"await engine.subscription(...).reset({position})"):
        if subscription is None:
            with call.open() as store:
                store.reset_subscription(name, position)
        else:

            async def work() -> None:
                async with call.follower(subscription) as follower:
                    await follower.subscription(subscription).reset(position)

            call.run(work())
    return Answer({"subscription": name, "position": position}, [f"{name} goes on behind position {position:,}"])


def known(call: Call, store: actum.Store) -> list[StoredSubscription]:
    """The subscriptions of a store, with what the user's classes say of them."""
    found = {each.name: each for each in store.subscriptions()}
    for subscription in call.subscriptions() if call.app is not None else ():
        name = name_of(subscription)
        seen = found.get(name)
        if seen is None:
            found[name] = StoredSubscription(name=name, process=None, position=None, head=store.head.position)
        elif keeps_itself(subscription) and seen.position is None:
            found[name] = asked(call, store, subscription, seen)
    return [found[name] for name in sorted(found)]


def asked(
    call: Call, store: actum.Store, subscription: type[Subscription], seen: StoredSubscription
) -> StoredSubscription:
    """What is known of a subscription that keeps its bookmark itself, after it was asked for that."""
    services = call.application().services

    async def ask() -> tuple[Bookmark | None, list[DeadLetter]]:
        one = subscription()
        try:
            await one.open(services)
            letters = await one.load_dead_letters() if keeps_letters(subscription) else list(seen.dead_letters)
            return await one.load_bookmark(), letters
        finally:
            await one.close()

    try:
        bookmark, letters = call.run(ask())
    except Exception as error:  # noqa: BLE001  # whatever the user's class raises
        return msgspec.structs.replace(seen, fault=f"it can't be asked: {type(error).__name__}: {error}")
    if bookmark is None:
        return seen
    following = bookmark.position + 1
    waiting_ns = store.record(following).timestamp_ns if following <= seen.head else None
    return msgspec.structs.replace(seen, position=bookmark.position, waiting_ns=waiting_ns, dead_letters=tuple(letters))


def state_of(one: StoredSubscription, now_ns: int) -> str:
    """The one word for how a subscription is, as far as can be seen from outside."""
    if one.fault:
        return "broken"
    if one.process is None:
        return "new" if one.position is None else "stopped"
    if one.position is None:
        return "running"
    if not one.lag:
        return "live"
    still = (now_ns - one.updated_ns) / SECOND_NS
    return "stalled" if min(lag_seconds(one, now_ns), still) > STALLED_SECONDS and one.updated_ns else "behind"


def lag_seconds(one: StoredSubscription, now_ns: int) -> float:
    """The age of the oldest event that it has not done."""
    return 0.0 if one.waiting_ns is None else max(0.0, (now_ns - one.waiting_ns) / SECOND_NS)


def as_data(one: StoredSubscription, now_ns: int) -> dict[str, Any]:
    """One subscription for programs."""
    return {
        "name": one.name,
        "state": state_of(one, now_ns),
        "process": one.process,
        "position": one.position,
        "head": one.head,
        "lag": one.lag,
        "lag_seconds": lag_seconds(one, now_ns),
        "updated_ns": one.updated_ns,
        "dead_letters": len(one.dead_letters),
        "fault": one.fault,
    }


def name_of(subscription: type[Subscription]) -> str:
    """Its name in files and tools."""
    return subscription.__subscription_options__.name


def keeps_itself(subscription: type[Subscription]) -> bool:
    """Whether it keeps its bookmark itself."""
    return subscription.save_bookmark is not Subscription.save_bookmark


def keeps_letters(subscription: type[Subscription]) -> bool:
    """Whether it keeps its dead letters itself."""
    return subscription.save_dead_letter is not Subscription.save_dead_letter


def keeping_itself(call: Call, name: str) -> type[Subscription] | None:
    """The user's class of this name, if it keeps its bookmark itself; None if that lies in the store."""
    classes = call.subscriptions() if call.app is not None else []
    return next((one for one in classes if name_of(one) == name and keeps_itself(one)), None)


def class_named(call: Call, name: str) -> type[Subscription]:
    """The user's class with this name, its own or that in files and tools.

    Raises:
        click.UsageError: there is none.
    """
    classes = call.subscriptions()
    for one in classes:
        if name in (name_of(one), one.__name__):
            return one
    raise click.UsageError(f"no subscription {name}: --app has {', '.join(map(name_of, classes)) or 'none'}")
