"""Where a trace goes on: a span's identity as W3C Trace Context writes it, which is how it is stored with events."""

from __future__ import annotations

import re

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)

#: Version 00 of the header `traceparent` (W3C Trace Context, 3.2): trace, span, flags.
TRACEPARENT = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", re.ASCII)


def traceparent_of(span: SpanContext) -> str | None:
    """What is stored of a span: nothing of one that is not sampled, since nobody will ever look for it."""
    if not span.is_valid or not span.trace_flags.sampled:
        return None
    return f"00-{format_trace_id(span.trace_id)}-{format_span_id(span.span_id)}-{span.trace_flags:02x}"


def span_of(traceparent: str | None) -> SpanContext | None:
    """The span that was stored; None if there is none, or it is in no form known here."""
    found = TRACEPARENT.fullmatch(traceparent or "")
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    span = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return span if span.is_valid else None


def context_below(span: SpanContext | None) -> Context:
    """A context for what a span has caused; without one, for the root of a trace. It holds nothing else."""
    return Context() if span is None else set_span_in_context(NonRecordingSpan(span), Context())
