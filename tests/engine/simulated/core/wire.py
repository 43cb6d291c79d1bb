"""The engine's property values as plain Python and back.

Plain values are for judging: without secret marks, an unknown is UNKNOWN, an asset is a text that differs when its
content does. What goes back to the engine is built on what it sent, so that marks and assets stay what they were.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
_ASSETS: Final = {"c44067f5952c0a294b673a41bacd8c17": "asset", "0def7320c3a5731c473e5ecbe6d01bc7": "archive"}
_UNKNOWNS: Final = frozenset(
    {
        rpc.UNKNOWN,  # of text; the others are of flags, numbers, lists, assets, archives and objects
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

UNKNOWN: Final = rpc.UNKNOWN
"""What a preview knows of a value that is not there yet."""

Plain = dict[str, Any]


class Asset(str):
    """Stands for an asset or an archive; two with the same content are equal."""


def plain(struct: struct_pb2.Struct) -> Plain:
    """Properties without marks; what is null is left out."""
    fields = {name: _plain(value) for name, value in struct.fields.items()}
    return {name: value for name, value in fields.items() if value is not None}


def _plain(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_plain(item) for item in value.list_value.values]
        case "struct_value":
            fields = value.struct_value.fields
            signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
            if signature == _SECRET:
                return _plain(fields["value"])
            if signature in _ASSETS:
                return Asset(f"{_ASSETS[signature]}:{fields['hash'].string_value}")
            return plain(value.struct_value)
    return None


def merged(base: struct_pb2.Struct, more: Mapping[str, Any]) -> struct_pb2.Struct:
    """`base` with plain values over it, also below: marks of what is not replaced stay."""
    result = struct_pb2.Struct()
    result.CopyFrom(base)
    _put(result, more)
    return result


def _put(struct: struct_pb2.Struct, more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        field = struct.fields[name]
        below = field.struct_value if field.HasField("struct_value") else None
        if isinstance(value, Mapping) and below is not None and _SIGNATURE not in below.fields:
            _put(below, value)
        else:
            field.CopyFrom(wire(value))


def wire(value: Any) -> struct_pb2.Value:
    """A plain value as the engine takes it."""
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, Mapping):
        fields = {str(name): wire(item) for name, item in value.items()}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[wire(item) for item in value]))


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    return wire(values).struct_value


def secret(value: struct_pb2.Value) -> struct_pb2.Value:
    """A value that the engine is to keep from sight and encrypt; marked once, however often it is called."""
    if _is_secret(value):
        return value
    mark = struct_pb2.Struct(fields={_SIGNATURE: wire(_SECRET), "value": value})
    return struct_pb2.Value(struct_value=mark)


def marked(values: struct_pb2.Struct, like: struct_pb2.Struct) -> struct_pb2.Struct:
    """`values` with whatever is a secret in `like` marked as one too."""
    fields = dict(values.fields)
    for name, pattern in like.fields.items():
        if name in fields:
            fields[name] = _marked(fields[name], pattern)
    return struct_pb2.Struct(fields=fields)


def _marked(value: struct_pb2.Value, like: struct_pb2.Value) -> struct_pb2.Value:
    if _is_secret(like):
        return secret(value)
    if value.HasField("struct_value") and like.HasField("struct_value"):
        return struct_pb2.Value(struct_value=marked(value.struct_value, like.struct_value))
    if value.HasField("list_value") and like.HasField("list_value"):
        items, patterns = list(value.list_value.values), list(like.list_value.values)
        both = [_marked(item, pattern) for item, pattern in zip(items, patterns, strict=False)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=both + items[len(patterns) :]))
    return value


def _is_secret(value: struct_pb2.Value) -> bool:
    fields = value.struct_value.fields if value.HasField("struct_value") else {}
    return _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET


def secret_texts(struct: struct_pb2.Struct) -> Iterator[str]:
    """Every text that is or lies in a secret."""
    for value in struct.fields.values():
        yield from _secret_texts(value)


def _secret_texts(value: struct_pb2.Value) -> Iterator[str]:
    if value.HasField("list_value"):
        for item in value.list_value.values:
            yield from _secret_texts(item)
    elif value.HasField("struct_value"):
        if _is_secret(value):
            fields = value.struct_value.fields
            yield from (leaf for _, leaf in leaves(_plain(fields["value"])) if isinstance(leaf, str))
        else:
            yield from secret_texts(value.struct_value)


def is_known(value: Any) -> bool:
    """Whether a plain value neither is nor holds an unknown."""
    return all(leaf is not UNKNOWN and leaf != UNKNOWN for _, leaf in leaves(value))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that holds no other, with its path as an error message names it."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from leaves(item, below(path, name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def below(path: str, name: str) -> str:
    """The path of a property, quoted where a dot in its name would read as two."""
    if not name.replace("_", "").isalnum():
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name
