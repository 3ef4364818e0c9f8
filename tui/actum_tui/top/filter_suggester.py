"""Completes a filter while it is typed: the names of headings, then the types and aggregates that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from textual.suggester import Suggester

HEADINGS = (
    "type:",
    "key:",
    "aggregate:",
    "user:",
    "correlation:",
    "causation:",
    "command:",
    "position>",
    "time>",
    "version=",
)


class FilterSuggester(Suggester):
    """What the last term may become."""

    def __init__(self, values: Callable[[], Mapping[str, Iterable[str]]]) -> None:
        """With what is known.

        Args:
            values: by heading, as of now.
        """
        super().__init__(use_cache=False, case_sensitive=True)
        self._values = values

    async def get_suggestion(self, value: str) -> str | None:
        """The whole text with its last term completed."""
        return completed(value, self._values())


def completed(text: str, values: Mapping[str, Iterable[str]]) -> str | None:
    """A filter with its last term completed; None if nothing fits, or nothing is begun."""
    start = max(text.rfind(" "), text.rfind("!")) + 1
    term = text[start:]
    heading, colon, rest = term.partition(":")
    if not term:
        return None
    if not colon:
        return next((text[:start] + name for name in HEADINGS if name.startswith(term) and name != term), None)
    begun = rest[rest.rfind(",") + 1 :]
    before = text[: len(text) - len(begun)]
    known = (value for value in sorted(values.get(heading, ())) if begun and value.lower().startswith(begun.lower()))
    return next(
        (before + value for value in known if value != begun and value.isprintable() and " " not in value), None
    )
