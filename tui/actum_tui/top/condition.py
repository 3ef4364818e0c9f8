"""What has become of the engine of a store that is looked at from its directory."""

from __future__ import annotations

from actum.monitor import StoreVitals


def condition_of(vitals: StoreVitals) -> str:
    """What has become of the store's engine, as far as its directory tells."""
    if vitals.writer is not None:
        return f"running in process {vitals.writer}"
    if vitals.checkpoint_position == vitals.position:
        return "stopped"
    return "ended without a last checkpoint"
