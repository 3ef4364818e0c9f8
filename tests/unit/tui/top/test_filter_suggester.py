"""What a filter may become while it is typed."""

from __future__ import annotations

import pytest
from actum_tui.top.filter_suggester import FilterSuggester, completed

from tests.support.scenes import scene

KNOWN = {"type": ["OrderPlaced", "OrderShipped", "Odd one", "Bad\x1b"], "aggregate": ["Order"]}


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("ty", "type:"),
        ("amount>5 !ag", "amount>5 !aggregate:"),
        ("pos", "position>"),
        ("type:ord", "type:OrderPlaced"),
        ("type:OrderPlaced,orders", "type:OrderPlaced,OrderShipped"),
        ("!aggregate:O", "!aggregate:Order"),
        *(
            (text, None)
            for text in ("", "type:", "type:x", "type:OrderPlaced ", "key:a", "type:bad", "type:odd", "milk")
        ),
    ],
)
def test_the_last_term_is_completed(text: str, suggestion: str | None) -> None:
    """By a heading, a type or an aggregate; never by what would have to be quoted."""
    assert completed(text, KNOWN) == suggestion


@scene
async def test_what_is_known_may_change() -> None:
    """It is asked for each time."""
    known: dict[str, list[str]] = {}
    suggester = FilterSuggester(lambda: known)
    assert await suggester.get_suggestion("type:Or") is None
    known["type"] = ["Order"]
    assert await suggester.get_suggestion("type:Or") == "type:Order"
