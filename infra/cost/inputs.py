"""Reads values out of a resource's inputs, which may be absent, secret, or not known before the update.

Whatever a price needs and the preview does not say ends as NotPriced, which names it; nothing falls back to a guess.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from infra.cost.errors import NotPriced

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that it will know after the update (plugin.UnknownStringValue)."""


def table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A mapping under a key; empty when there is none."""
    value = values.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise NotPriced(f"its {key} {_why(value)}")
    return cast(Mapping[str, Any], value)


def rows(values: Mapping[str, Any], key: str) -> Sequence[Any]:
    """A list under a key; empty when there is none."""
    value = values.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise NotPriced(f"its {key} {_why(value)}")
    return cast(list[Any], value)


def tables(values: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    """A list of mappings under a key."""
    return [table({key: one}, key) for one in rows(values, key)]


def text(values: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """Text under a key. Without a default it must be there."""
    value = values.get(key, default)
    if not isinstance(value, str) or value == UNKNOWN:
        raise NotPriced(f"its {key} {_why(value)}")
    return value


def number(values: Mapping[str, Any], key: str, default: float | None = None) -> float:
    """An amount under a key, 0 or more. Without a default it must be there."""
    value = values.get(key)
    value = default if value is None else value
    if not isinstance(value, int | float | str) or isinstance(value, bool) or value == UNKNOWN:
        raise NotPriced(f"its {key} {_why(value)}")
    return amount(value, key)


def amount(value: float | str, what: str) -> float:
    """A number, or text that is one: none below 0 and none without end is a size or a count."""
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise NotPriced(f"its {what} {value!r} is no number") from None
    if not 0 <= number < math.inf:
        raise NotPriced(f"its {what} {value!r} is no amount")
    return number


def _why(value: object) -> str:
    if value is None:
        return "is not in the preview"
    return "is known only after the update" if value == UNKNOWN else "is not of the kind that this can read"
