"""Services: what handlers take by annotation, found among the objects that were given at opening."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actum.handlers import show

if TYPE_CHECKING:
    from collections.abc import Sequence


def service_for(where: str, annotation: object, services: Sequence[object] | None, faults: list[str]) -> object:
    """The one service of the annotated type; None, with the reason added to `faults`, if there is not exactly one.

    Args:
        where: the handler, for messages.
        annotation: what it says of the parameter.
        services: what was given; None if no handler will be called.
        faults: of the catalogue.
    """
    if services is None:
        return None
    try:
        fitting = [service for service in services if isinstance(service, annotation)]  # type: ignore[arg-type]
    except TypeError as error:
        faults.append(
            f"{where}: {show(annotation)} can't be matched ({error}): use a class or a runtime_checkable Protocol"
        )
        return None
    if len(fitting) != 1:
        faults.append(
            f"{where} needs a service {show(annotation)}, and {len(fitting)} of those given fit: "
            "pass one in services=[...]"
        )
        return None
    return fitting[0]
