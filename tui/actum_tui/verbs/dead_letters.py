"""`dead-letters ls|show|retry|drop`: the events that a subscription could not handle, and went past."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import actum
import click
from actum import Consumer, DeadLetter, StoredSubscription, Subscription

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, duration, pairs
from actum_tui.verbs.events import as_data as record_as_data
from actum_tui.verbs.events import moment_of
from actum_tui.verbs.subscriptions import class_named, keeping_itself, known, name_of


def register(command: click.Group) -> None:
    """Add the verbs."""
    group = click.Group("dead-letters", help="Events that subscriptions could not handle.")
    command.add_command(group)
    name = click.argument("subscription")
    positions = click.argument("positions", nargs=-1, type=click.IntRange(1))
    every = click.option("--all", "every", is_flag=True, help="All of this subscription's.")
    limit = click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
    now = click.option("--now", is_flag=True, help="Handle them here and now, with your classes; needs --app.")
    verb(group, "ls")(click.argument("subscription", required=False)(limit(list_letters)))
    verb(group, "show")(name(click.argument("position", type=click.IntRange(1))(show_letter)))
    verb(group, "retry")(name(positions(every(now(retry)))))
    verb(group, "drop")(name(positions(every(drop))))


def list_letters(call: Call, subscription: str | None, limit: int) -> Answer:
    """List dead letters, of all subscriptions or of one: which event, what its handler raised, how often, when.

    With --app also those of subscriptions that keep them themselves, as SQL projections do.
    """
    with call.open() as store:
        chosen = [one for one in known(call, store) if subscription in (None, one.name)]
    if subscription is not None and not chosen:
        raise click.ClickException(f"no subscription {subscription} has run on this store: actum subscriptions ls")
    found = [(one.name, letter) for one in chosen for letter in one.dead_letters]
    now_ns = time.time_ns()
    columns = ("subscription", "position", "event", "of", "tried", "failed", "error")
    made = Listing(columns, frozenset({"position", "tried"}), whole=frozenset({"position", "tried", "failed"}))
    for name, letter in found[:limit]:
        tried: object = letter.attempts or "again"
        failed = f"{duration((now_ns - letter.failed_ns) / 1e9)} ago"
        made.add(
            name, letter.position, letter.tag, f"{letter.aggregate}/{letter.key}", tried, failed, letter.error
        )  # fmt: skip
    hint = [f"{len(found) - limit:,} more: --limit {len(found)}"] if len(found) > limit else []
    data = [letter_as_data(name, letter) for name, letter in found[:limit]]
    return Answer({"dead_letters": data, "count": len(found)}, [made if found else "no dead letters", *hint])


def show_letter(call: Call, subscription: str, position: int) -> Answer:
    """Show one dead letter with its event."""
    with call.open() as store:
        letter = next((each for each in letters_of(call, store, subscription) if each.position == position), None)
        if letter is None:
            raise click.ClickException(f"subscription {subscription} has no dead letter at position {position}")
        record = record_as_data(store.record(position))
    data = letter_as_data(subscription, letter)
    again = [("retry", "marked: when its subscription begins")] if not letter.attempts else []
    shown = pairs(*((name, data[name]) for name in ("subscription", "error", "attempts", "failed")), *again)
    return Answer({**data, "record": record}, [shown, pairs(*record.items())])


def retry(
    call: Call,
    subscription: str,
    positions: Sequence[int],
    every: bool,  # noqa: FBT001  # click passes options by name
    now: bool,  # noqa: FBT001
) -> Answer:
    """Have dead letters handled again when their subscription begins; with --now here, by your classes.

    The subscription must not be running. One that keeps its dead letters itself, as SQL projections do, needs --now.
    """
    if now:
        kind = class_named(call, subscription)
        return handled_now(call, kind, chosen_of(call, name_of(kind), positions, every=every))
    if keeping_itself(call, subscription) is not None:
        raise click.UsageError(f"{subscription} keeps its dead letters itself, and can't be told for later: add --now")
    wanted = chosen_of(call, subscription, positions, every=every)
    with call.open() as store:
        for position in wanted:
            with call.elsewhere(f"await engine.subscription(...).retry({position})"):
                store.retry_dead_letter(subscription, position)
    said = f"{counted(wanted)} will be handled again when {subscription} begins"
    return Answer({"subscription": subscription, "positions": wanted, "failed": []}, [said])


def handled_now(call: Call, kind: type[Subscription], wanted: Sequence[int]) -> Answer:
    """Dead letters handled again here; those that fail again stay."""
    failed: dict[int, str] = {}

    async def again(consumer: Consumer, position: int) -> None:
        try:
            await consumer.retry(position)
        except actum.ActumError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever the user's handler raises
            failed[position] = f"{type(error).__name__}: {error}"

    with call.progress("handling"):
        at_each(call, kind, wanted, "retry", again)
    handled = [position for position in wanted if position not in failed]
    data = {
        "subscription": name_of(kind),
        "positions": handled,
        "failed": [{"position": position, "error": error} for position, error in failed.items()],
    }
    said = [f"{counted(handled)} handled"] if handled else []
    return Answer(
        data, [*said, *(f"{position} failed again: {error}" for position, error in failed.items())], bool(failed)
    )


def drop(call: Call, subscription: str, positions: Sequence[int], every: bool) -> Answer:  # noqa: FBT001
    """Forget dead letters: their events are not handled. The subscription must not be running.

    --app is needed for one that keeps its dead letters itself.
    """
    wanted = chosen_of(call, subscription, positions, every=every)
    kind = keeping_itself(call, subscription)
    if kind is not None:
        at_each(call, kind, wanted, "drop", Consumer.drop)
    else:
        with call.open() as store:
            for position in wanted:
                with call.elsewhere(f"await engine.subscription(...).drop({position})"):
                    store.drop_dead_letter(subscription, position)
    return Answer({"subscription": subscription, "positions": wanted}, [f"{counted(wanted)} dropped"])


def at_each(
    call: Call,
    kind: type[Subscription],
    positions: Sequence[int],
    what: str,
    work: Callable[[Consumer, int], Awaitable[None]],
) -> None:
    """Do something about each of some dead letters, with the user's class, which handles nothing else meanwhile."""

    async def run() -> None:
        async with call.follower(kind) as follower:
            for position in positions:
                await work(follower.subscription(kind), position)

    with call.elsewhere(f"await engine.subscription({kind.__name__}).{what}({', '.join(map(str, positions))})"):
        call.run(run())


def chosen_of(call: Call, subscription: str, positions: Sequence[int], *, every: bool) -> list[int]:
    """The positions that were asked for."""
    if bool(positions) == every:
        raise click.UsageError("which ones? Give their positions, or --all")
    with call.open() as store:
        there = [letter.position for letter in letters_of(call, store, subscription)]
    for position in positions:
        if position not in there:
            raise click.ClickException(f"subscription {subscription} has no dead letter at position {position}")
    return there if every else list(dict.fromkeys(positions))


def letters_of(call: Call, store: actum.Store, subscription: str) -> Sequence[DeadLetter]:
    """The dead letters of one subscription."""
    found: dict[str, StoredSubscription] = {one.name: one for one in known(call, store)}
    if subscription not in found:
        names = ", ".join(found) or "none"
        raise click.ClickException(f"no subscription {subscription} has run on this store: it knows {names}")
    return found[subscription].dead_letters


def letter_as_data(subscription: str, letter: DeadLetter) -> dict[str, Any]:
    """One dead letter for programs."""
    failed = moment_of(letter.failed_ns).isoformat()
    return {"subscription": subscription, **letter._asdict(), "failed": failed}


def counted(positions: Sequence[int]) -> str:
    """How many, in words."""
    return "1 dead letter" if len(positions) == 1 else f"{len(positions):,} dead letters"
