"""The engine's property values as plain Python and back. Secretness is asked for apart; an unknown is one value.

Numbers travel as floats: a whole one is an int here. Assets and archives have no place in this provider.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeGuard

from google.protobuf.struct_pb2 import Struct
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

UNKNOWN: Final = rpc.UNKNOWN
"""What the engine sends in a preview for an output that is not there yet."""

Properties = dict[str, PropertyValue]


def properties(struct: Struct) -> Properties:
    return PropertyValue.unmarshal_map(struct)


def struct(values: Properties) -> Struct:
    return PropertyValue.marshal_map(values)


def plain(value: PropertyValue) -> Any:
    """Without secret marks. Raises TypeError for assets and references."""
    held = value.value
    if held is None or isinstance(held, bool | str):
        return held
    if isinstance(held, float):
        return int(held) if held.is_integer() else held
    if isinstance(held, Mapping):
        return {key: plain(item) for key, item in held.items() if item.value is not None}
    if isinstance(held, list | tuple):
        return [plain(item) for item in held]
    raise TypeError(f"a {type(held).__name__} is no input of this provider")


def plain_map(values: Properties) -> dict[str, Any]:
    """Inputs or outputs as a dict; what is null is left out."""
    return {key: plain(value) for key, value in values.items() if value.value is not None}


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a plain value is one with keys, which are always text."""
    return isinstance(value, Mapping)


def is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether a plain value is one in order; text is not."""
    return isinstance(value, list | tuple)


def wire(value: Any, *, secret: bool = False) -> PropertyValue:
    """A plain value as the engine takes it."""
    if isinstance(value, bool | str) or value is None:
        return PropertyValue(value, is_secret=secret)
    if isinstance(value, int | float):
        return PropertyValue(float(value), is_secret=secret)
    if is_mapping(value):
        return PropertyValue({key: wire(item) for key, item in value.items()}, is_secret=secret)
    return PropertyValue([wire(item) for item in value], is_secret=secret)


def wire_map(values: Mapping[str, Any], *, secrets: frozenset[str] = frozenset()) -> Properties:
    return {key: wire(value, secret=key in secrets) for key, value in values.items()}


def holds_unknown(value: Any) -> bool:
    """Whether a plain value is or holds an unknown."""
    if is_mapping(value):
        return any(holds_unknown(item) for item in value.values())
    if is_sequence(value):
        return any(holds_unknown(item) for item in value)
    return value == UNKNOWN


def secret_paths(values: Properties) -> Iterator[str]:
    """The input paths that are or hold a secret, as far down as the mark goes."""
    for key, value in values.items():
        yield from _secret_paths(key, value)


def _secret_paths(path: str, value: PropertyValue) -> Iterator[str]:
    if value.is_secret:
        yield path
    elif isinstance(value.value, Mapping):
        for key, item in value.value.items():
            yield from _secret_paths(f"{path}.{key}", item)
    elif isinstance(value.value, list | tuple):
        for index, item in enumerate(value.value):
            yield from _secret_paths(f"{path}[{index}]", item)
