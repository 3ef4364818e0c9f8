"""Options: frozen, keyword-only, and checked when made."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from actum import Invalid, Options


def test_the_defaults_are_valid() -> None:
    """An engine can be opened without choosing anything, and only `full` may be the default durability."""
    assert Options() == Options()
    assert Options().durability == "full"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("durability", "none"),
        ("mailbox_size_max", 0),
        ("mailbox_size_max", "many"),
        ("commands_pending_max", -1),
        ("turn_commands_max", 8_193),
        ("frame_events_max", 8_193),
        ("frame_events_max", 1.5),
        ("frame_bytes_max", 1_023),
        ("frame_bytes_max", 16 * 1024 * 1024 + 1),
        ("event_bytes_max", 0),
        ("dedup_commands_max", 10_001),
        ("actors_max", 0),
        ("passivate_seconds", 0),
        ("passivate_seconds", math.inf),
        ("passivate_seconds", math.nan),
        ("quarantine_failures_max", 0),
        ("snapshot_events_max", 0),
        ("gate_seconds", 0),
        ("gate_seconds", 2),
        ("ask_after_seconds_max", -1),
        ("ask_after_seconds_max", math.nan),
        ("checkpoint_seconds", -0.1),
        ("checkpoint_slice_seconds", 0),
        ("checkpoint_pause_seconds", 11),
        ("checkpoint_deltas_ratio_max", 0),
        ("replay_slice_events", 0),
        ("gc_policy", "sometimes"),
    ],
)
def test_a_bad_value_is_named_with_its_option(name: str, value: Any) -> None:
    """The message says which option, which value, and what is wrong."""
    with pytest.raises(Invalid, match=name) as caught:
        Options(**{name: value})
    assert repr(value) in str(caught.value)


def test_options_are_frozen_and_keyword_only() -> None:
    """They are chosen once, by name."""
    options: Any = Options()
    with pytest.raises(AttributeError):
        options.actors_max = 1
    with pytest.raises(TypeError):
        Options("full")  # type: ignore[call-arg]


def test_a_changed_copy_is_checked_too() -> None:
    """`msgspec.structs.replace` runs the same checks."""
    assert msgspec.structs.replace(Options(), actors_max=7).actors_max == 7
    with pytest.raises(Invalid, match="actors_max=0"):
        msgspec.structs.replace(Options(), actors_max=0)


def test_an_unknown_option_is_refused() -> None:
    """A typing error does not pass silently."""
    with pytest.raises(TypeError, match="actor_max"):
        Options(actor_max=7)  # type: ignore[call-arg]
