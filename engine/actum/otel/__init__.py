"""Traces and metrics for OpenTelemetry. Needs `pip install 'actum[otel]'`, which brings its API; the SDK is yours.

    tracing         spans of commands, commits, deliveries, steps of processes and deadlines
    trace_context   where a trace goes on: as it is stored with events
    meter           what `statistics()` says, as instruments that are asked when somebody collects

Nothing else of actum imports this package, or OpenTelemetry.
"""

try:
    from actum.otel.meter import EngineMeter
    from actum.otel.tracing import Tracing
except ModuleNotFoundError as missing:
    raise ImportError("opentelemetry is missing: pip install 'actum[otel]'") from missing

__all__ = ["EngineMeter", "Tracing"]
