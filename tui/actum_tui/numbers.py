"""Numbers that are typed: `nan` lies in no range, and is compared with none."""

from __future__ import annotations

import math

import click


class NumberRange(click.FloatRange):
    """click's range, which lets `nan` through, without it."""

    def convert(  # pyright: ignore[reportIncompatibleMethodOverride]  # click's names are abbreviations
        self, value: float, parameter: click.Parameter | None, context: click.Context | None
    ) -> float:
        """The number.

        Raises:
            click.BadParameter: it is none, or out of range.
        """
        number = float(super().convert(value, parameter, context))
        if math.isnan(number):
            self.fail(f"{value} is not a number.", parameter, context)
        return number
