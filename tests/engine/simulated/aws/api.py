"""botocore's service models as shapes: what AWS itself publishes of the calls that make resources.

A service model is megabytes of JSON, so the few calls that are used are kept by themselves.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tests.engine.simulated.aws.description import Description
from tests.engine.simulated.core import shapes
from tests.engine.simulated.core.kept import Kept
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.shapes import Shape, normal
from tests.engine.simulated.core.wire import Plain

_KEPT = Kept("botocore", __file__)
_INPUT = "(input)"
_NUMBERS = ("integer", "long", "float", "double")


def problems(description: Description, inputs: Plain) -> Iterator[Problem]:
    """What the call would refuse of the inputs that it has members for, and what the description adds to that."""
    whole = call(description.call) if description.call else Shape(sort="structure")
    for path, value in _at(inputs, description.members):
        yield from shapes.problems(follow(whole, description.members[path]), value, path)
    rest = {name: value for name, value in inputs.items() if name not in description.members}
    yield from shapes.problems(follow(whole, description.within) if description.within else whole, rest, "")
    for path, value in _at(inputs, description.limits):
        yield from shapes.problems(description.limits[path], value, path)


def _at(inputs: Plain, paths: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values that stand at paths; a path leads into objects and every item of a list."""
    for path in paths:
        for value in _below([inputs], path.split(".")):
            yield path, value


def _below(values: list[Any], names: list[str]) -> list[Any]:
    for name in names:
        found = [value[name] for value in values if isinstance(value, dict) and name in value]
        values = [item for value in found for item in (value if isinstance(value, list) else [value])]
        if name == names[-1]:
            return found
    return values


def follow(shape: Shape, path: str) -> Shape:
    """The member at a path of the call's own names; lists are passed through. Raises LookupError."""
    for name in path.split("."):
        while shape.sort == "list" and shape.item:
            shape = shape.item
        if normal(name) not in shape.members:
            raise LookupError(f"{path}: there is no {name}, but {', '.join(sorted(shape.members))}")
        shape = shape.members[normal(name)]
    while path and shape.sort == "list" and shape.item and shape.item.sort == "structure":
        shape = shape.item
    return shape


@functools.cache
def call(name: str) -> Shape:
    """The input of `service.Operation`. Raises botocore's own errors for one that there is not."""
    content = _KEPT.get(name, lambda: msgspec.json.encode(_flat(name)))
    assert content is not None
    return _built(_INPUT, _DECODER.decode(content), {})


class _Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A Shape whose members and item are names, since shapes may hold themselves."""

    shape: Shape
    members: dict[str, str] = {}
    item: str = ""


_DECODER = msgspec.json.Decoder(dict[str, _Row])  # made here, since msgspec makes none safely in several threads


def _built(name: str, rows: Mapping[str, _Row], known: dict[str, Shape]) -> Shape:
    """known: structures by name, which are known before their members are."""
    row = rows[name]
    if row.item:
        return msgspec.structs.replace(row.shape, item=_built(row.item, rows, known))
    if row.shape.sort != "structure":
        return row.shape
    if name not in known:
        known[name] = msgspec.structs.replace(row.shape, members={})
        known[name].members.update({key: _built(of, rows, known) for key, of in row.members.items()})
    return known[name]


def _flat(name: str) -> dict[str, _Row]:
    """All shapes of a call by botocore's names."""
    service, operation = name.split(".")
    published = _model(service).operation_model(operation).input_shape
    rows: dict[str, _Row] = {}
    _collect(published, rows, _INPUT)
    return rows


def _collect(published: Any, into: dict[str, _Row], name: str = "") -> str:
    """published: a shape of botocore's, whose members are untyped. The name under which it stands."""
    name = name or published.name
    if name in into:
        return name
    least, most = published.metadata.get("min"), published.metadata.get("max")
    if published.type_name == "structure":
        members: dict[str, str] = {}
        into[name] = _Row(shape=Shape(sort="structure"), members=members)
        members.update({normal(key): _collect(member, into) for key, member in published.members.items()})
    elif published.type_name in ("list", "map"):
        of = "member" if published.type_name == "list" else "value"
        shape = Shape(sort=published.type_name, min=least, max=most)
        into[name] = _Row(shape=shape)
        into[name] = _Row(shape=shape, item=_collect(getattr(published, of), into))
    else:
        into[name] = _Row(shape=_leaf(published, least, most))
    return name


def _leaf(published: Any, least: float | None, most: float | None) -> Shape:
    if published.type_name in _NUMBERS:
        return Shape(sort="number", min=least, max=most)
    if published.type_name == "string":
        pattern, values = published.metadata.get("pattern", ""), tuple(published.metadata.get("enum", ()))
        return Shape(sort="text", min=least, max=most, pattern=pattern, values=values)
    return Shape()


@functools.cache
def _model(service: str) -> Any:
    from botocore.model import ServiceModel  # only where a call was not kept

    loader = _loader()  # a session would look through every service that there is, each time
    version = loader.determine_latest_version(service, "service-2")
    return ServiceModel(loader.load_data(f"{service}/{version}/service-2"), service_name=service)


@functools.cache
def _loader() -> Any:
    from botocore.loaders import create_loader

    return create_loader()
