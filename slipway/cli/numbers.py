"""What typer's bounds let through: `nan` lies within any, and `inf` above each least."""

import math

import typer


def finite(value: float | None) -> float | None:
    """An option's callback. Raises BadParameter, exit code 2."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no amount")
    return value
