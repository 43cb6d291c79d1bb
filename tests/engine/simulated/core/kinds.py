"""What a published Pulumi SDK says of a resource type, read from its own classes: properties, types, what is required.

The SDK's metadata leads from a type's token to its class. Reading a large module takes seconds, so what was read is
kept.
"""

import enum
import functools
import importlib
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Literal

import msgspec

from tests.engine.simulated.core.kept import Kept

Sort = Literal["text", "whole", "number", "flag", "asset", "list", "map", "object", "either", "any"]

_PLAIN: dict[type, Sort] = {str: "text", int: "whole", float: "number", bool: "flag"}
_ABOVE = re.compile(r"forces?(?: a)? (?:new resource|replacement|recreation)|creates? a new resource", re.IGNORECASE)


class Type(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One property's type. of: of items, or the choices. name: the class of an object. values: of a closed enum."""

    sort: Sort
    of: tuple["Type", ...] = ()
    name: str = ""
    values: tuple[str | float, ...] = ()


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    types: dict[str, Type]
    required: frozenset[str]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A resource type. inputs: the name of its class among `classes`. outputs: what it has besides. replaces: the
    inputs of which the SDK's own words say that a change makes a new resource.
    """

    inputs: str
    classes: dict[str, Fields]
    outputs: frozenset[str]
    replaces: frozenset[str]

    @property
    def properties(self) -> Fields:
        return self.classes[self.inputs]


_DECODER = msgspec.json.Decoder(Kind)  # made here: two threads that make the first one of a type crash msgspec 0.21


class Package:
    """An installed SDK. name: as Python knows it, `pulumi_aws`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.version = version(name)
        self._kept = Kept(name, __file__)
        self.kind: Callable[[str], Kind | None] = functools.cache(self._kind)

    def _kind(self, token: str) -> Kind | None:
        """Raises nothing for a token that the SDK does not have: None."""
        kept = self._kept.get(token.replace("/", ".").replace(":", "-"), lambda: self._encoded(token))
        return _DECODER.decode(kept) if kept is not None else None

    def _encoded(self, token: str) -> bytes | None:
        found = self._class(token)
        return msgspec.json.encode(_read(found)) if found else None

    def _class(self, token: str) -> type | None:
        from pulumi.runtime import rpc

        importlib.import_module(self._name)  # registers its modules with the runtime
        if token.startswith("pulumi:providers:"):
            return importlib.import_module(self._name).Provider
        package, module, _ = token.split(":")
        registered: Any = rpc.get_resource_module(package, module, "")
        where = getattr(registered, "mod_info", None)
        if where is None or token not in where["classes"]:
            return None
        return getattr(importlib.import_module(where["fqn"]), where["classes"][token])


def _read(resource: type) -> Kind:
    from pulumi import _types

    module = importlib.import_module(resource.__module__)
    own = f"{resource.__name__}InitArgs"  # where the other name is taken by an input of another type
    arguments: type = getattr(module, own if hasattr(module, own) else f"{resource.__name__}Args")
    classes: dict[str, Fields] = {}
    _collect(arguments, classes)
    outputs = frozenset(_types.resource_types(resource)) - classes[arguments.__name__].types.keys()
    told = _documented(arguments)
    replaces = frozenset(name for name, words in told.items() if _ABOVE.search(words))
    return Kind(inputs=arguments.__name__, classes=classes, outputs=outputs, replaces=replaces)


def _collect(arguments: type, into: dict[str, Fields]) -> None:
    from pulumi import _types

    if arguments.__name__ in into:
        return
    names = _types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments.__init__).parameters
    required = {names[name] for name, it in parameters.items() if name in names and it.default is it.empty}
    into[arguments.__name__] = Fields(types={}, required=frozenset(required))  # first, since types may hold themselves
    into[arguments.__name__].types.update(
        {name: _type(it, into) for name, it in _types.input_type_types(arguments).items()}
    )


def _type(annotation: Any, into: dict[str, Fields]) -> Type:
    import pulumi
    from pulumi import _types

    annotation = _types.unwrap_type(annotation)
    origin, of = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _PLAIN:
        return Type(sort=_PLAIN[annotation])
    if origin in (Sequence, list):
        return Type(sort="list", of=(_type(of[0], into),))
    if origin in (Mapping, dict):
        return Type(sort="map", of=(_type(of[1], into),))
    if _types._is_union_type(annotation):
        choices = [_type(choice, into) for choice in of if _is_value(choice)]
        return choices[0] if len(choices) == 1 else Type(sort="either", of=tuple(choices))
    if isinstance(annotation, type):
        if issubclass(annotation, enum.Enum):
            return Type(sort="text", values=tuple(member.value for member in annotation))
        if issubclass(annotation, pulumi.Asset | pulumi.Archive):
            return Type(sort="asset")
        if _types.is_input_type(annotation):
            _collect(annotation, into)
            return Type(sort="object", name=annotation.__name__)
    return Type(sort="any")


def _is_value(choice: Any) -> bool:
    """An input may also be promised; that is no choice of its own."""
    from collections.abc import Awaitable

    import pulumi

    return choice is not type(None) and typing.get_origin(choice) not in (Awaitable, pulumi.Output)


def _documented(arguments: type) -> dict[str, str]:
    """The SDK's words on each property, by its name on the wire."""
    from pulumi import _types

    names = _types.input_type_py_to_pulumi_names(arguments)
    return {wire: inspect.getdoc(getattr(arguments, python)) or "" for python, wire in names.items()}
