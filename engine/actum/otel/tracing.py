"""Spans: one for each command, commit, batch of a subscription, handled event, step of a process and deadline.

What an event causes goes on in the trace of the command that it came from, also after a restart and in another
process: the command's span is stored with its events. A commit and a batch serve many commands: the commit is a child
of the first that is traced, and linked to the others; a batch is a trace of its own, linked to those of its events.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, final

from msgspec.structs import replace
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context

from actum.errors import Conflict, Rejected
from actum.observer import Committed, Delivering, Firing, Handling, Stepping
from actum.otel.trace_context import context_below, span_of, traceparent_of

if TYPE_CHECKING:
    from asyncio import CancelledError
    from collections.abc import Generator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span, SpanContext, TracerProvider
    from opentelemetry.util.types import AnyValue

    from actum.middleware import Envelope, Send
    from actum.observer import Work
    from actum.records import Receipt

#: As many links as a span keeps by default in OpenTelemetry's SDKs.
LINKS_MAX = 128
#: Commands that are remembered until their senders ask for their commit; of those who never do, the oldest go.
COMMITS_MAX = 10_000


@final
class Tracing:
    """An observer that makes spans. One may serve several engines.

    Example:
        Engine.open("bank", Account, Balances, observer=Tracing())
    """

    def __init__(self, tracer_provider: TracerProvider | None = None) -> None:
        """Spans go where the provider sends them: the global one unless given."""
        self._tracer = trace.get_tracer("actum", tracer_provider=tracer_provider)
        self._commits: dict[str, SpanContext] = {}

    async def send(self, envelope: Envelope, send: Send, /) -> Receipt:
        """The span of a command, below what its sender is doing."""
        name = type(envelope.command).__name__
        span = self._tracer.start_span(f"send {name}", attributes={"actum.command": name})
        token = attach(set_span_in_context(span))
        traceparent = traceparent_of(span.get_span_context())
        try:
            receipt = await send(envelope if traceparent is None else replace(envelope, traceparent=traceparent))
            if span.is_recording():
                span.set_attributes(
                    {
                        "actum.key": receipt.key,
                        "actum.version": receipt.version,
                        "actum.position": receipt.position,
                        "actum.events": len(receipt.events),
                        "actum.command_id": str(receipt.command_id),
                    }
                )
        except BaseException as error:
            note(span, error)
            raise
        finally:
            commit = None if traceparent is None else self._commits.pop(traceparent, None)
            if commit is not None:
                span.add_link(commit)
            detach(token)
            span.end()
        return receipt

    def during(self, work: Work, /) -> AbstractContextManager[object]:
        """The span of some work."""
        match work:
            case Committed():
                return self._committed(work)
            case Delivering(subscription=name):
                found: dict[str, AnyValue] = {
                    "actum.subscription": name,
                    "actum.position": work.first,
                    "actum.position_last": work.last,
                    "actum.events": work.events,
                }
                return self._span(f"deliver {name}", Context(), found)
            case Handling():
                return self._handled(work)
            case Stepping(process=name, key=key, record=record):
                found = {
                    "actum.process": name,
                    "actum.key": key,
                    "actum.position": record.position,
                    "actum.event": type(record.event).__name__,
                }
                return self._span(f"step {name}", context_below(span_of(record.traceparent)), found)
            case Firing(deadline=deadline):
                found = {"actum.deadline_id": deadline.deadline_id, "actum.command": deadline.command}
                return self._span(f"fire {deadline.command}", context_below(span_of(deadline.traceparent)), found)

    def failed(self, error: BaseException, /) -> None:
        """The span that is under way here has failed."""
        note(trace.get_current_span(), error)

    def traceparent(self) -> str | None:
        """Of the span that is under way here."""
        return traceparent_of(trace.get_current_span().get_span_context())

    @contextmanager
    def _span(
        self, name: str, context: Context, attributes: Mapping[str, AnyValue], links: Sequence[Link] = ()
    ) -> Generator[None]:
        """A span around what is inside, and nothing else of where this is called."""
        span = self._tracer.start_span(name, context, SpanKind.CONSUMER, attributes, links)
        token = attach(set_span_in_context(span, context))
        try:
            yield
        except BaseException as error:
            note(span, error)
            raise
        finally:
            detach(token)
            span.end()

    @contextmanager
    def _committed(self, work: Committed) -> Generator[None]:
        """A commit, and below it what views do; nothing if none of its commands is traced."""
        commands = {one: span for one in work.traceparents if (span := span_of(one)) is not None}
        if not commands:
            yield
            return
        first, *others = commands.values()
        commit = self._tracer.start_span(
            "commit",
            context_below(first),
            attributes={"actum.position": work.first, "actum.events": work.events, "actum.bytes": work.size},
            links=[Link(other) for other in others[:LINKS_MAX]],
            start_time=work.now_ns - work.elapsed_ns,
        )
        apply = self._tracer.start_span("apply", set_span_in_context(commit, Context()), start_time=work.now_ns)
        self._commits |= dict.fromkeys(commands, commit.get_span_context())
        while len(self._commits) > COMMITS_MAX:
            del self._commits[next(iter(self._commits))]
        try:
            yield
        finally:
            apply.end()
            commit.end()

    @contextmanager
    def _handled(self, work: Handling) -> Generator[None]:
        """An event, in the trace of its command if that is known; it and the batch are linked to each other."""
        record, batch, event = work.record, trace.get_current_span(), type(work.record.event).__name__
        found: dict[str, AnyValue] = {
            "actum.subscription": work.subscription,
            "actum.position": record.position,
            "actum.event": event,
        }
        command = span_of(record.traceparent)
        links: list[Link] = []
        context = set_span_in_context(batch, Context())
        if command is not None:
            context, links = context_below(command), [Link(batch.get_span_context())]
            batch.add_link(command)
        with self._span(f"handle {event}", context, found, links):
            yield


def note(span: Span, error: BaseException | CancelledError) -> None:
    """What became of a span. That an aggregate said no is an answer, and that a caller has gone is no fault."""
    span.set_attribute("error.type", type(error).__qualname__)
    if isinstance(error, Exception) and not isinstance(error, (Rejected, Conflict)):
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
