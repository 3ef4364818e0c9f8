"""The aggregate: a consistency boundary made of state, `decide` (command to events) and `evolve` (state and event).

Users subclass `Aggregate`; its typed fields are the state, and the state is the snapshot. `decide` is pure and says
what happens; `evolve` is total and says what that means for the state: no I/O, no clock, no randomness, because it
runs again at every replay. The engine makes the instances: an application never holds one.
"""

from __future__ import annotations

from typing import Any, ClassVar, dataclass_transform

import msgspec

from actum.cycles import collectable_by_count


class AggregateOptions(msgspec.Struct, frozen=True):
    """What `class X(Aggregate, key=..., name=..., revision=...)` said."""

    key: str | None
    name: str
    revision: str


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class AggregateMeta(msgspec.StructMeta):
    """Takes an aggregate's `key`, `name` and `revision` from the class statement."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        key: str | None = None,
        revision: str = "",
        **options: Any,
    ) -> AggregateMeta:
        """Create the class; see `Aggregate` for the options."""
        stream_name = options.pop("name", name)
        options["kw_only"] = True
        options.setdefault("gc", not collectable_by_count(bases, namespace))
        aggregate = super().__new__(mcs, name, bases, namespace, **options)
        aggregate.__aggregate_options__ = AggregateOptions(key, stream_name, revision)  # type: ignore[attr-defined]
        return aggregate


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))  # mypy looks here, pyright above
class Aggregate(msgspec.Struct, metaclass=AggregateMeta):
    """State plus its rules. Every field needs a default: that is the state before the first event.

    Class options:
        key: the field of a command that names its target (needed).
        name: the name in the log, the class's name unless given; keep it when you rename the class.
        revision: change it when code that the handlers call, but that isn't in them, changes what they do: snapshots
            are then dropped and made again.

    Example:
        class Account(Aggregate, key="account_id"):
            balance: int = 0

            @decide
            def deposit(self, command: Deposit) -> Deposited:
                return Deposited(account_id=command.account_id, amount=command.amount)

            @evolve
            def deposited(self, event: Deposited) -> None:
                self.balance += event.amount
    """

    __aggregate_options__: ClassVar[AggregateOptions]
