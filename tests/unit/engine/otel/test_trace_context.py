"""What is stored of a span, and what is made of what is stored."""

from __future__ import annotations

import pytest
from actum.otel.trace_context import context_below, span_of, traceparent_of
from opentelemetry.trace import SpanContext, TraceFlags, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SAMPLED = SpanContext(0xA1, 0xB2, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def test_there_and_back() -> None:
    """The same trace, span and flags; it is remote now."""
    traceparent = traceparent_of(SAMPLED)
    assert traceparent == "00-000000000000000000000000000000a1-00000000000000b2-01"
    span = span_of(traceparent)
    assert span is not None
    assert (span.trace_id, span.span_id, span.trace_flags, span.is_remote) == (0xA1, 0xB2, 1, True)
    assert get_current_span(context_below(span)).get_span_context() == span


def test_as_opentelemetry_itself_reads_and_writes_it() -> None:
    """Its own propagator agrees."""
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, context_below(SAMPLED))
    assert carrier["traceparent"] == traceparent_of(SAMPLED)


@pytest.mark.parametrize(
    "span",
    [SpanContext(0xA1, 0xB2, is_remote=False), SpanContext(0, 0, is_remote=False, trace_flags=TraceFlags(1))],
    ids=["not sampled", "not valid"],
)
def test_of_some_nothing_is_stored(span: SpanContext) -> None:
    """Nobody would ever find them."""
    assert traceparent_of(span) is None


@pytest.mark.parametrize(
    "stored",
    [None, "", "gibberish", "01-" + "a" * 32 + "-" + "b" * 16 + "-01", "00-" + "0" * 32 + "-" + "b" * 16 + "-01"],
)
def test_what_is_not_understood_is_no_span(stored: str | None) -> None:
    """Another version, damage, nothing: what follows is the root of a trace then."""
    assert span_of(stored) is None
    assert not get_current_span(context_below(None)).get_span_context().is_valid
