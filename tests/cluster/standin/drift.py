"""What of an object is no longer as it was applied, among the fields that are ours. Pure.

Three views are laid on each other: what was asked for, what the API server would make of that now (a dry run), and what
is there. Where the last two agree nothing has drifted, however the server writes it: `1000m` and `1` are the same.
"""

from collections.abc import Mapping
from typing import Any


def as_found(wanted: Any, applied: Any, live: Any) -> Any:
    """`wanted`, with the live value wherever that differs from what applying it again would give."""
    if applied == live:
        return wanted
    if isinstance(wanted, Mapping) and isinstance(applied, Mapping) and isinstance(live, Mapping):
        return {
            key: as_found(value, applied.get(key), live.get(key))
            for key, value in wanted.items()
            if key in live or key not in applied  # what is only ever written, as stringData, is never read
        }
    if _are_lists(wanted, applied, live) and len(wanted) == len(applied) == len(live):
        return [as_found(*each) for each in zip(wanted, applied, live, strict=True)]
    return live


def _are_lists(*values: Any) -> bool:
    return all(isinstance(value, list) for value in values)
