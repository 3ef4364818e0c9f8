"""The text of a filter, read into terms and written again.

    filter   = term { space term }                          all must hold
    term     = ["!"] ( word | ["."] name operator value )
    operator = ":" | "=" | "!=" | ">" | ">=" | "<" | "<="
    value    = pattern { "," pattern } behind ":", a text behind the others

What stands in quotes, single or double, is meant literally: spaces, commas, operators, wildcards, dots of a name. There
is no other escape, as in a shell. A name is a heading of a record, or a path of fields; with a dot before it always the
latter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from actum.errors import Invalid, shown
from actum.monitor.filter_values import Pattern, moment_of, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A longer text is no filter that anybody has typed.
TEXT_CHARACTERS_MAX = 2_000

#: What a record says beside its event's fields.
HEADINGS = frozenset(
    {"type", "aggregate", "key", "version", "position", "time", "user", "correlation", "causation", "command"}
)
WHOLE_NUMBERS = frozenset({"version", "position"})

OPERATOR = re.compile(r"!=|>=|<=|[:=<>]")
WILDCARD = re.compile("[*?]")
#: Stands for a quoted character where the syntax is looked for.
QUOTED = "\0"
QUOTES = ('""', "''")

#: What needs no quotes in a word or a name, in a pattern, and in a text that is compared with.
PLAIN_NAME = re.compile(r"[^\s\"'*?,:=<>!.]+")
PLAIN_WORD = re.compile(r"[^\s\"'*?:=<>!]+")
PLAIN_PATTERN = re.compile(r"[^\s\"'*?,:=<>!][^\s\"'*?,]*")
PLAIN_TEXT = re.compile(r"[^\s\"':=<>!][^\s\"']*")


class Term(NamedTuple):
    """One condition.

    Attributes:
        inverted: whether it must not hold.
        name: the path of fields, or one heading; empty for a word that may be anywhere.
        own: whether a name that is a heading's means the event's own field.
        operator: between name and value; empty for a word.
        patterns: one of which must fit, for `:` and a word.
        text: what is compared with, for the other operators.
    """

    inverted: bool
    name: tuple[str, ...] = ()
    own: bool = False
    operator: str = ""
    patterns: tuple[Pattern, ...] = ()
    text: str = ""

    @property
    def heading(self) -> str | None:
        """The heading of a record that it is about, or None."""
        return self.name[0] if len(self.name) == 1 and not self.own and self.name[0] in HEADINGS else None

    def __str__(self) -> str:
        """As it is typed."""
        start = "!" if self.inverted else ""
        if not self.operator:
            return start + written(self.patterns[0], PLAIN_WORD)
        name = ("." if self.own else "") + ".".join(quoted(step, PLAIN_NAME) for step in self.name)
        value = ",".join(written(pattern, PLAIN_PATTERN) for pattern in self.patterns) or quoted(self.text, PLAIN_TEXT)
        return f"{start}{name}{self.operator}{value}"


class Token(NamedTuple):
    """What stands between spaces.

    Attributes:
        start: where it begins in the whole.
        written: it, with its quotes.
        text: it, without them.
        syntax: as long as `text`, with `QUOTED` for what stood in quotes.
    """

    start: int
    written: str
    text: str
    syntax: str

    def refuse(self, what: str) -> NoReturn:
        """Say what is wrong with it.

        Raises:
            Invalid: always.
        """
        raise Invalid(f"filter, at character {self.start + 1}, {shown(self.written)}: {what}")


def read_terms(text: str) -> tuple[Term, ...]:
    """The terms of a filter.

    Raises:
        Invalid: it is none; the message says what is wrong, where, and what could be meant.
    """
    if not isinstance(text, str):
        raise Invalid(f"a filter is a text, not {shown(text)}")
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Invalid(f"a filter has at most {TEXT_CHARACTERS_MAX:,} characters, not {len(text):,}")
    return tuple(read_term(token) for token in tokens(text))


def tokens(text: str) -> Iterator[Token]:
    """What stands between spaces, but for those in quotes."""
    start, position = 0, 0
    found: list[str] = []
    syntax: list[str] = []
    while position <= len(text):
        character = text[position : position + 1]
        if not character or character.isspace():
            if position > start:
                yield Token(start, text[start:position], "".join(found), "".join(syntax))
            start = position + 1
            found, syntax = [], []
        elif character in "\"'":
            end = text.find(character, position + 1)
            if end < 0:
                Token(position, text[position:], "", "").refuse(
                    f"the quote is not closed: write {character} behind it too, or put what has it in the other quotes"
                )
            found.append(text[position + 1 : end])
            syntax.append(QUOTED * (end - position - 1))
            position = end
        else:
            found.append(character)
            syntax.append(character)
        position += 1


def read_term(token: Token) -> Term:
    """One term.

    Raises:
        Invalid: it is none.
    """
    inverted = token.syntax.startswith("!") and not token.syntax.startswith("!=")
    begin = 1 if inverted else 0
    operator = OPERATOR.search(token.syntax, begin)
    if operator is None:
        return Term(inverted, patterns=(read_word(token, begin),))
    own, name = read_name(token, begin, operator)
    value, syntax = token.text[operator.end() :], token.syntax[operator.end() :]
    if not value and not token.written.endswith(QUOTES):
        token.refuse(
            f"nothing follows it: write what it should be{' like' if operator[0] == ':' else ''}, without a space"
        )
    if syntax[:1] in (*":=<>",) and syntax:
        token.refuse(
            f"{operator[0]}{syntax[0]} is no operator: use one of : = != > >= < <=, or quotes around the value"
        )
    if operator[0] == ":":
        return Term(inverted, name, own, ":", tuple(read_patterns(token, value, syntax)))
    term = Term(inverted, name, own, operator[0], text=value)
    check_heading(token, term)
    return term


def read_word(token: Token, begin: int) -> Pattern:
    """What may be anywhere.

    Raises:
        Invalid: there is nothing, or one more `!`.
    """
    if len(token.text) == begin:
        token.refuse("nothing follows it: write a word, or a name and a value as in type:Order*")
    if token.syntax.startswith("!", begin):
        token.refuse("one ! inverts already: take one away, or put the word in quotes")
    return read_pattern(token.text[begin:], token.syntax[begin:])


def read_name(token: Token, begin: int, operator: re.Match[str]) -> tuple[bool, tuple[str, ...]]:
    """Whether a name means the event's own field though it is a heading's; and the name, step by step.

    Raises:
        Invalid: there is none, or a step of it is empty.
    """
    own = token.syntax.startswith(".", begin)
    begin += own
    text, syntax = token.text[begin : operator.start()], token.syntax[begin : operator.start()]
    if not text:
        token.refuse(f"a name is missing before {operator[0]}: write as in amount{operator[0]}100, without spaces")
    if "!" in syntax:
        token.refuse("! stands before a name, or before =; a name that has one needs quotes")
    steps: list[str] = []
    start = 0
    for part in syntax.split("."):
        steps.append(text[start : start + len(part)])
        start += len(part) + 1
    if not all(steps):
        token.refuse("a field is missing beside the dot: write as in address.city=Berlin")
    return own and len(steps) == 1 and steps[0] in HEADINGS, tuple(steps)


def read_patterns(token: Token, text: str, syntax: str) -> Iterator[Pattern]:
    """The patterns between commas.

    Raises:
        Invalid: one is empty.
    """
    start = 0
    parts = syntax.split(",")
    for part in parts:
        if not part and len(parts) > 1:
            token.refuse("nothing stands beside a comma: take it away, or put it in quotes if the value has it")
        yield read_pattern(text[start : start + len(part)], part)
        start += len(part) + 1


def read_pattern(text: str, syntax: str) -> Pattern:
    """One pattern."""
    parts: list[str] = []
    start = 0
    for wildcard in WILDCARD.finditer(syntax):
        parts += text[start : wildcard.start()], wildcard[0]
        start = wildcard.end()
    return Pattern((*parts, text[start:]))


def check_heading(token: Token, term: Term) -> None:
    """Refuse to compare a heading with what it can't be.

    Raises:
        Invalid: a number or a time is needed.
    """
    if term.heading in WHOLE_NUMBERS and not isinstance(number_of(term.text), int):
        token.refuse(
            f"{shown(term.text)} is no whole number: write as in {term.heading}{term.operator}1000;"
            f" .{term.heading} is the event's own field"
        )
    if term.heading == "time" and moment_of(term.text) is None:
        token.refuse(
            f"{shown(term.text)} is no time: write as in time{term.operator}2026-01-31T12:00, which is UTC,"
            " or with +01:00 behind it; .time is the event's own field"
        )


def written(pattern: Pattern, plain: re.Pattern[str]) -> str:
    """A pattern as it is typed."""
    if pattern.literal or all(plain.fullmatch(part) for part in pattern.parts[::2] if part):
        return quoted(pattern.parts[0], plain) if pattern.literal else "".join(pattern.parts)
    return "".join(part if index % 2 or not part else quoted(part) for index, part in enumerate(pattern.parts))


def quoted(text: str, plain: re.Pattern[str] | None = None) -> str:
    """A text as it is typed: in quotes, unless it is plain."""
    if plain is not None and plain.fullmatch(text):
        return text
    if '"' not in text:
        return f'"{text}"'
    return "".join(f"'{part}'" if '"' in part else f'"{part}"' for part in re.findall(r'"+|[^"]+', text))
