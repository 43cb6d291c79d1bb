"""What is judged: a resource and a whole stack, as frozen values that no SDK is needed for.

Properties have the names that the provider uses on the wire (camelCase). A value that the engine knows only once its
resource is made is UNKNOWN: a rule says nothing about it at preview, and judges it at `up`, before the resource is
made. A value that the engine keeps encrypted is a Sealed string.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeGuard

STACK_TYPE = "pulumi:pulumi:Stack"


class _Unknown(Enum):
    UNKNOWN = "known after the resource is made"


UNKNOWN: Final = _Unknown.UNKNOWN


class Sealed(str):
    """A text that the engine keeps encrypted in its state and out of its output."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The provider that manages a resource. default: nobody made it, so it takes its region from the shell."""

    name: str
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def default(self) -> bool:
        return self.name == "default" or self.name.startswith("default_")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """type: as `aws:s3/bucket:Bucket`. refs: for each property, the URNs of what it was made from."""

    type: str
    name: str
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])
    urn: str = ""
    protect: bool = False
    provider: Provider | None = None
    refs: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def cloud(self) -> str:
        """The package that the type comes from, which is how rules know a cloud: `aws`, `gcp`, `kubernetes`."""
        return self.type.partition(":")[0]

    @property
    def region(self) -> str:
        """Where it is: as it says itself, or as its provider does; empty where neither is known."""
        for found in (self.get("region"), self.provider and dig(self.provider.props, "region")):
            if isinstance(found, str):
                return found
        return ""

    @property
    def custom(self) -> bool:
        """Whether a provider makes it; a component and the stack itself only group others."""
        return self.provider is not None

    def get(self, path: str, default: Any = None) -> Any:
        """A property by its path, as `vpcConfig.endpointPublicAccess`. UNKNOWN where a part of the path is."""
        return dig(self.props, path, default)

    def text(self, path: str, default: str = "") -> str | None:
        """A text by its path; None where it is not known."""
        found = self.get(path, default)
        return None if found is UNKNOWN else found if isinstance(found, str) else default

    def number(self, path: str, default: int) -> int | None:
        """A whole number by its path; None where it is not known. The engine hands all numbers over as floats."""
        found = self.get(path, default)
        return None if found is UNKNOWN else int(found) if isinstance(found, int | float) else default

    def texts(self, path: str, default: Sequence[str] = ()) -> tuple[str, ...] | None:
        """A list of texts by its path; None where it, or one of them, is not known."""
        found = self.get(path, default)
        entries = found if is_list(found) else (found,)
        return None if UNKNOWN in entries else tuple(entry for entry in entries if isinstance(entry, str))

    def entries(self, path: str) -> Sequence[Any]:
        """A list by its path; one value where the provider takes one; nothing where it is absent or not known."""
        found = self.get(path)
        if found is None or found is UNKNOWN:
            return ()
        return found if is_list(found) else (found,)

    def flag(self, path: str, default: bool = False) -> bool | None:
        """A switch by its path; None where it is not known."""
        return switch(self.get(path, default))


@dataclass(frozen=True, kw_only=True)
class Stack:
    resources: tuple[Resource, ...]

    def of(self, *types: str) -> Iterator[Resource]:
        return (resource for resource in self.resources if resource.type in types)

    def about(self, subject: Resource, key: str, *types: str, by: Sequence[str] = ("id",)) -> Iterator[Resource]:
        """Resources whose property `key` names `subject`: by reference, or by the value of a property in `by`."""
        named = {value for each in by if isinstance(value := subject.get(each), str)}
        for resource in self.of(*types):
            if subject.urn in resource.refs.get(key, ()) or resource.text(key) in named:
                yield resource


def dig(value: Any, path: str, default: Any = None) -> Any:
    """A part of a tree of properties. A list on the way stands for its first entry: so single blocks come."""
    for step in path.split("."):
        if value is UNKNOWN:
            return UNKNOWN
        if is_list(value):
            value = value[0] if value else None
        if not is_block(value) or value.get(step) is None:
            return default
        value = value[step]
    return value


def named(value: Any, *keys: str) -> Iterator[Any]:
    """Whatever stands under one of the keys, wherever in a tree."""
    if is_list(value):
        for entry in value:
            yield from named(entry, *keys)
    elif is_block(value):
        for key, part in value.items():
            if key in keys:
                yield part
            yield from named(part, *keys)


def is_block(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple)


def switch(value: Any) -> bool | None:
    """Whether a switch is on; None where that is not known. Some of AWS' switches are texts."""
    return None if value is UNKNOWN else value in (True, "true")


def parsed(text: Any) -> Any:
    """A document that stands as JSON text in a property; UNKNOWN while it is, None when it is none."""
    if text is UNKNOWN or not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None
