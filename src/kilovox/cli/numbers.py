"""Numbers that options take."""

import math
from typing import Any

import click


class FiniteRange(click.FloatRange):
    """A range that NaN is not in: it is on neither side of any bound."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = float(super().convert(value, param, ctx))
        if not math.isfinite(found):
            self.fail(f"{found:g}; expected a finite number", param, ctx)
        return found
