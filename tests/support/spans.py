"""Spans as OpenTelemetry's own SDK makes them, kept in memory."""

from __future__ import annotations

from actum.otel import Tracing
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler


class Traced:
    """A tracer provider and what it has exported.

    Attributes:
        provider: the SDK's.
        tracing: spans of engines go there.
    """

    def __init__(self, sampler: Sampler | None = None) -> None:
        """Nothing exported yet."""
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracing = Tracing(self.provider)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """All that have ended, in that order."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of a name."""
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The only one of a name."""
        (span,) = self.named(name)
        return span


def span_id(span: ReadableSpan) -> int:
    """Its own."""
    assert span.context is not None
    return int(span.context.span_id)


def trace_id(span: ReadableSpan) -> int:
    """That of its trace."""
    assert span.context is not None
    return int(span.context.trace_id)


def parent_id(span: ReadableSpan) -> int | None:
    """Its parent's, None for a root."""
    return None if span.parent is None else span.parent.span_id


def links(span: ReadableSpan) -> set[int]:
    """The spans that it is linked to."""
    return {link.context.span_id for link in span.links}
