"""Fingerprints of code and types: what saved rows and states depend on, so that they are dropped when it changes.

A fingerprint must be the same in every process that runs the same code, whatever its hash seed, and another one
wherever the code would give something else, as far as that can be seen from outside. Rejected: hashing source files,
where every comment would rebuild every view.
"""

from __future__ import annotations

import dis
import enum
import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

import msgspec
from msgspec import inspect

from actum.handlers import MARK, Role, members_of
from actum.shapes import parts_in, shape_of


def digest(*parts: bytes) -> str:
    """A short hash of several parts, each with its length."""
    hasher = blake2b(digest_size=16)
    for part in parts:
        hasher.update(len(part).to_bytes(8))
        hasher.update(part)
    return hasher.hexdigest()


def type_description(described: type) -> bytes:
    """A type's JSON Schema and defaults, or its fields as written where it has no schema; and what makes its values."""
    return plain_description(described) + b"\0" + fingerprint_of(list(makers_of(described)))


def makers_of(described: type) -> Iterator[types.FunctionType]:
    """The functions that give the fields of a type, and of those inside it, their values when they have none."""
    try:
        parts = list(parts_in(inspect.type_info(described)))
    except Exception:  # noqa: BLE001  # as in `plain_description`
        return
    for kind in sorted((part.cls for part in parts if hasattr(part, "fields")), key=lambda kind: kind.__qualname__):
        found = [getattr(kind, "__post_init__", None)]
        if issubclass(kind, msgspec.Struct):
            found += [field.default_factory for field in msgspec.structs.fields(kind)]
        yield from (maker for maker in found if isinstance(maker, types.FunctionType))


def plain_description(described: type) -> bytes:
    """The fields of a type, with their plain defaults."""
    try:
        return msgspec.json.encode(shape_of(described), order="deterministic")
    except Exception:  # noqa: BLE001  # no schema: named as a fault elsewhere, or a state, which needs none
        return repr(
            [(field.name, str(field.type), field.default) for field in msgspec.structs.fields(described)]
        ).encode()


def own_functions(owner: type, base: type[Any], *, without: Role) -> list[types.FunctionType]:
    """The functions that a class and its parents below `base` define, by name, but for the handlers of one role."""
    members = (member for _, member in sorted(members_of(owner, base).items()))
    functions = (getattr(member, "__func__", getattr(member, "fget", member)) for member in members)
    return [
        function
        for function in functions
        if isinstance(function, types.FunctionType) and getattr(function, MARK, None) != without
    ]


def own_constants(owner: type, base: type[Any]) -> bytes:
    """The simple attributes that a class and its parents below `base` define, by name: handlers may use them."""
    members = sorted(members_of(owner, base).items())
    return constants_as_bytes((name, value) for name, value in members if not name.startswith("__"))


def fingerprint_of(functions: Sequence[types.FunctionType]) -> bytes:
    """The code of some functions as bytes: what they do, not where they stand or how they are commented.

    Constants, names, defaults, nested functions, what decorators wrapped, and the simple values of closures and of
    their module count. A function of a module that they call does not: that is what `revision=` is for.
    """
    parts = (part for function in functions for inner in functions_in(function) for part in function_parts(inner))
    return b"\0".join(parts)


def function_parts(function: types.FunctionType) -> Iterator[bytes]:
    """A function's code, and the simple values that it has from outside."""
    yield from code_parts(function.__code__, function.__doc__)
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    used = global_names(function.__code__)
    outside = [
        *(("default", value) for value in function.__defaults__ or ()),
        *sorted((function.__kwdefaults__ or {}).items()),
        *((name, cell.cell_contents) for name, cell in cells if cell_is_full(cell)),
        *((name, function.__globals__[name]) for name in sorted(used & function.__globals__.keys())),
    ]
    described = constants_as_bytes(outside)
    if described:
        yield described


def global_names(code: types.CodeType) -> set[str]:
    """The names of a module that some code reads, also the code inside it."""
    names = {str(each.argval) for each in dis.get_instructions(code) if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(global_names(inner) for inner in code.co_consts if isinstance(inner, types.CodeType)))


def functions_in(function: types.FunctionType) -> list[types.FunctionType]:
    """A function, and those that it holds in its closure: what a decorator wrapped."""
    found: dict[int, types.FunctionType] = {}
    waiting = [function]
    while waiting:
        current = waiting.pop()
        if id(current) not in found:
            found[id(current)] = current
            held = (cell.cell_contents for cell in current.__closure__ or () if cell_is_full(cell))
            waiting += [content for content in held if isinstance(content, types.FunctionType)]
    return list(found.values())


def cell_is_full(cell: types.CellType) -> bool:
    """Whether a closure's variable has a value."""
    try:
        cell.cell_contents  # noqa: B018  # reading it is the test
    except ValueError:
        return False
    return True


def code_parts(code: types.CodeType, docstring: str | None = None) -> Iterator[bytes]:
    """Bytecode, names and constants of a code object and of those inside it, without docstring and line numbers."""
    yield code.co_code
    yield repr((code.co_names, code.co_varnames, code.co_freevars)).encode()
    for index, constant in enumerate(code.co_consts):
        if index == 0 and constant == docstring:
            continue
        if isinstance(constant, types.CodeType):
            yield from code_parts(constant)
        else:
            yield stable_repr(constant).encode()


#: What can't change while it is there, and prints the same in every process.
SIMPLE = (int, float, complex, str, bytes, bool, type(None), Decimal, UUID, date, datetime, time, timedelta)


def constants_as_bytes(values: Iterable[tuple[str, object]]) -> bytes:
    """Names and values of those that are simple."""
    described = [f"{name}={stable_repr(value)}" for name, value in values if is_simple(value)]
    return "\n".join(described).encode()


def is_simple(value: object) -> bool:
    """Whether a value is a plain immutable one, or a tuple or frozenset of such."""
    if isinstance(value, (tuple, frozenset)):
        return all(map(is_simple, cast("Iterable[object]", value)))
    return isinstance(value, enum.Enum) or type(value) in SIMPLE or type(value) is fraction_type()


def fraction_type() -> type | None:
    """`Fraction`, if anybody has loaded it: else there are none, and it is a part of `import actum` that few need."""
    return getattr(sys.modules.get("fractions"), "Fraction", None)


def stable_repr(constant: object) -> str:
    """A constant as text that is the same in every process: a frozenset's order is not."""
    if isinstance(constant, enum.Enum):
        value = f"={stable_repr(constant.value)}" if is_simple(constant.value) else ""
        return f"{type(constant).__qualname__}.{constant.name}{value}"
    if isinstance(constant, frozenset):
        return f"frozenset({sorted(map(stable_repr, cast('frozenset[object]', constant)))})"
    if isinstance(constant, tuple):
        return f"({', '.join(map(stable_repr, cast('tuple[object, ...]', constant)))})"
    return repr(constant)
