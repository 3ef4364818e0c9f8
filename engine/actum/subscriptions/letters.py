"""Dead letters: made of an event that could not be handled, and handled again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actum_storage import DeadLetter

from actum.errors import EngineClosed, Invalid
from actum.logbook import facts
from actum.subscriptions.cursor import Sighting

if TYPE_CHECKING:
    from actum.clock import Clock
    from actum.subscriptions.worker import Worker

log = logging.getLogger("actum.subscriptions")

#: What is kept of an error's text.
ERROR_CHARACTERS_MAX = 2_000


def letter_of(sighting: Sighting, attempts: int, error: Exception, clock: Clock) -> DeadLetter:
    """An event that could not be handled."""
    return DeadLetter(
        sighting.position,
        sighting.aggregate,
        sighting.key,
        sighting.tag,
        describe(error),
        attempts,
        clock.now_ns(),
    )


def describe(error: BaseException) -> str:
    """An error as a line for people."""
    return f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS_MAX]


async def handle_again(worker: Worker, letter: DeadLetter) -> None:
    """Handle a dead letter's event; if that succeeds it is no dead letter any more. The caller holds `handling`.

    Raises:
        EngineClosed: it was closed meanwhile.
        Invalid: it is none any more.
        Exception: what the handler raised; the dead letter stays, with one attempt more.
    """
    sighting = await worker.aside.run(lambda: sight(worker, letter))
    await worker.prepare()
    try:
        async with worker.keeping.batch() as given:
            await worker.delivery.handle(worker.delivery.read(sighting), given)
            await drop_there(worker, letter.position)
    except Exception as error:
        if worker.ending or worker.subscription.is_outage(error) or not await worker.keeping.is_buried(letter.position):
            raise
        await worker.keeping.bury(letter_of(sighting, letter.attempts + 1, error, worker.source.clock))
        raise
    if worker.closed:
        raise EngineClosed(
            f"subscription {worker.kind.name} was closed; the dead letter at position {letter.position} is still "
            "there, although its event was handled"
        )
    await worker.keeping.drop_in_file(letter.position)


async def drop_there(worker: Worker, position: int) -> None:
    """Forget a dead letter whose event was handled; inside the batch, which is undone if it was none any more.

    Raises:
        Invalid: another process has retried or dropped it.
    """
    if not await worker.keeping.drop_in_batch(position):
        raise Invalid(
            f"subscription {worker.kind.name} has no dead letter at position {position} any more: another process has "
            "retried or dropped it"
        )


async def handle_marked(worker: Worker) -> None:
    """Handle those again that somebody has marked while the subscription did not run: by no attempts.

    What fails again is a dead letter with one attempt.
    """
    for letter in [letter for letter in worker.keeping.letters.values() if not letter.attempts]:
        try:
            async with worker.handling:
                await handle_again(worker, letter)
        except Exception as error:
            if letter.position in worker.keeping.letters and not worker.keeping.letters[letter.position].attempts:
                raise  # it was no fault of the event's
            worker.news = f"the dead letter at position {letter.position} was tried again: {describe(error)}"
            said = facts("dead letter failed", error, subscription=worker.kind.name, position=letter.position)
            log.error("subscription %s: %s", worker.kind.name, worker.news, extra=said)  # noqa: TRY400  # the letter says it


def sight(worker: Worker, letter: DeadLetter) -> Sighting:
    """A dead letter's event, read from the log; beside the loop."""
    frame = next(iter(worker.source.log.frames(letter.position, letter.position)))
    return Sighting(letter.position, letter.tag, letter.aggregate, letter.key, 0, frame)
