"""What users subclass: `Subscription`, a consumer of the log with handlers for the events it wants.

It runs beside the engine or in another process, after the events are durable, and may do whatever it likes: call
services, wait, write to other databases. It sees each event at least once, in the order of positions.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from actum.errors import Invalid, shown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from contextlib import AbstractAsyncContextManager

    from actum_storage import Bookmark, DeadLetter


class SubscriptionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What `class X(Subscription, ...)` said; see `Subscription`."""

    name: str
    start: Literal["beginning", "now"] | Annotated[int, Meta(ge=0)] = "beginning"
    batch_max: Annotated[int, Meta(ge=1, le=100_000)] = 100
    on_failure: Literal["dead-letter", "stop"] = "dead-letter"
    retry_max: Annotated[int, Meta(ge=0, le=1_000_000)] = 5
    retry_seconds_min: Annotated[float, Meta(ge=0, le=1e6)] = 0.1
    retry_seconds_max: Annotated[float, Meta(ge=0, le=1e6)] = 30.0
    dead_letters_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_000

    def check(self, owner: str) -> None:
        """Check every value.

        Raises:
            Invalid: naming the class, the option, its value and what is allowed.
        """
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            try:
                msgspec.convert(value, field.type)
            except msgspec.ValidationError as error:
                raise Invalid(f"{owner}: {field.name}={shown(value)}: {error}") from error


class Subscription:
    """A consumer of the log, outside the engine's fold and at its own pace.

    The engine makes it, without arguments, and calls its `@handle` methods in the order of positions, one at a time;
    each event at least once. What it needs comes as services, by annotation.

    Class options:
        name: its name in files and tools, the class's name unless given.
        start: where it begins while it has no bookmark: `"beginning"`, `"now"`, or behind a position.
        batch_max: events handled before the bookmark is written, and those that belong to the command or the
            `send_atomic` of the last one; after a crash so many may be handled again.
        on_failure: what becomes of an event whose handler keeps failing: `"dead-letter"` puts it aside and goes on,
            `"stop"` waits there for `resume()`.
        retry_max: attempts after the first one that failed.
        retry_seconds_min: before the first of these; each further one waits twice as long, less up to a half by chance.
        retry_seconds_max: the longest such wait.
        dead_letters_max: with so many put aside it stops: then it is not the events that are wrong.

    Example:
        class Mailer(Subscription, name="mailer"):
            @handle
            async def placed(self, event: OrderPlaced, record: Record, mail: MailService) -> None:
                await mail.send(event.customer_id, once=f"placed-{record.position}")
    """

    __subscription_options__: ClassVar[SubscriptionOptions]
    #: The type of what `batch()` gives, for a class that gives something: a handler takes it by this annotation.
    __batch_gives__: ClassVar[type | None] = None

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        start: Literal["beginning", "now"] | int = "beginning",
        batch_max: int = 100,
        on_failure: Literal["dead-letter", "stop"] = "dead-letter",
        retry_max: int = 5,
        retry_seconds_min: float = 0.1,
        retry_seconds_max: float = 30.0,
        dead_letters_max: int = 1_000,
    ) -> None:
        """Take the class options.

        Raises:
            Invalid: one of them is not what it has to be.
        """
        super().__init_subclass__()
        cls.__subscription_options__ = SubscriptionOptions(
            name=cls.__name__ if name is None else name,
            start=start,
            batch_max=batch_max,
            on_failure=on_failure,
            retry_max=retry_max,
            retry_seconds_min=retry_seconds_min,
            retry_seconds_max=retry_seconds_max,
            dead_letters_max=dead_letters_max,
        )
        cls.__subscription_options__.check(cls.__name__)

    @classmethod
    def faults(cls, services: Sequence[object]) -> list[str]:
        """What is wrong with the class, or missing among the services, as sentences with their fix. Override it."""
        del services
        return []

    async def open(self, services: Sequence[object]) -> None:
        """Called before anything else; `services` are those given to the engine. Override it to prepare.

        If it raises it is called again, later and later, until it succeeds: a database may come back. Meanwhile the
        subscription is `failed`: at once after what no time heals, such as a `TypeError`, else after `retry_max`
        retries.
        """

    async def close(self) -> None:
        """Called once, after everything else, also if `open` failed. Override it to release."""

    def batch(self) -> AbstractAsyncContextManager[object]:
        """Surrounds each batch. Override it to put a transaction around it, which an exception has to undo.

        If a handler raises, the exception leaves through this; then the commands before that event's are handled
        again in a batch of their own, and the one that failed in another: a batch ends where a command does.
        Without an override nothing is undone, and they are not.
        """
        return nothing_around()

    def is_outage(self, error: Exception) -> bool:
        """Whether it is not the event's fault what a handler raised, but that of something that will come back.

        Then the batch is tried again for ever, however often that takes, and no event becomes a dead letter. Override
        it if a handler needs something that may be away, such as a database.
        """
        del error
        return False

    async def load_bookmark(self) -> Bookmark | None:
        """The bookmark, if you keep it yourself; override this and `save_bookmark`, or neither."""
        raise NotImplementedError

    async def save_bookmark(self, bookmark: Bookmark) -> None:
        """Keep the bookmark yourself: called inside `batch()`, behind the last handler, so that it can be one thing.

        Override this and `load_bookmark`, or neither: then it lies in a file in the store's directory.
        """
        raise NotImplementedError

    async def load_dead_letters(self) -> list[DeadLetter]:
        """All dead letters, if you keep them yourself: override all three methods, beside those of the bookmark."""
        raise NotImplementedError

    async def save_dead_letter(self, letter: DeadLetter) -> None:
        """Keep one, in place of an older one at its position: called inside `batch()`, before `save_bookmark`."""
        raise NotImplementedError

    async def drop_dead_letter(self, position: int) -> bool | None:
        """Forget one, if it is there: called inside `batch()`, behind the handler if it was retried.

        Return False if it was not there: then somebody else has retried it, and the batch is undone.
        """
        raise NotImplementedError


@asynccontextmanager
async def nothing_around() -> AsyncGenerator[None]:
    """A batch that nothing surrounds."""
    yield
