"""A nested state as two: its tensors, which lie in files, and all else, which JSON can hold."""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

_NOT_FINITE = "\0float"
"""The key that stands for a number JSON does not have; no name of a state begins so."""


def split(state: Mapping[str, Any], within: str = "") -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a nested state, by their path, and the state without them, as JSON can hold it."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for key, value in state.items():
        path = f"{within}{key}"
        if isinstance(value, Tensor):
            tensors[path] = value
        elif isinstance(value, Mapping):
            inner, plain[key] = split(value, f"{path}.")  # pyright: ignore[reportUnknownArgumentType]
            tensors |= inner
        else:
            plain[key] = _to_json(value)
    return tensors, plain


def join(state: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors of a nested state, with the plain values that were saved beside them in place of its own."""
    own = {key: value for key, value in state.items() if isinstance(value, Tensor | Mapping)}
    saved = {key: _from_json(value) for key, value in plain.items()}
    return saved | {
        key: value if isinstance(value, Tensor) else join(value, plain.get(key, {})) for key, value in own.items()
    }


def _to_json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {_NOT_FINITE: str(value)}
    if isinstance(value, Mapping):
        return {key: _to_json(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_to_json(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if _NOT_FINITE in value:
            return float(value[_NOT_FINITE])  # pyright: ignore[reportUnknownArgumentType]
        return {key: _from_json(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_from_json(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value
