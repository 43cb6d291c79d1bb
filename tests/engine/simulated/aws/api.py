"""botocore's service models as shapes: what AWS itself publishes of the calls that make resources."""

import functools
from collections.abc import Iterator
from typing import Any

from botocore.loaders import create_loader
from botocore.model import ListShape, MapShape, ServiceModel, StructureShape

from tests.engine.simulated.aws.description import Description
from tests.engine.simulated.core import shapes
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.shapes import Shape, normal
from tests.engine.simulated.core.wire import Plain

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
    service, operation = name.split(".")
    model = _model(service)
    return _shape(model.operation_model(operation).input_shape, {})


@functools.cache
def _model(service: str) -> ServiceModel:
    loader = _loader()  # a session would look through every service that there is, each time
    version = loader.determine_latest_version(service, "service-2")
    return ServiceModel(loader.load_data(f"{service}/{version}/service-2"), service_name=service)


_loader = functools.cache(create_loader)


def _shape(published: Any, known: dict[str, Shape]) -> Shape:
    """published: a shape of botocore's, whose members are untyped. known: by name, since shapes may hold themselves."""
    if published is None:
        return Shape()
    if published.name in known:
        return known[published.name]
    least, most = published.metadata.get("min"), published.metadata.get("max")
    if _is(published, StructureShape):
        structure = known[published.name] = Shape(sort="structure", members={})
        structure.members.update({normal(name): _shape(it, known) for name, it in published.members.items()})
        return structure
    if _is(published, ListShape):
        return Shape(sort="list", min=least, max=most, item=_shape(published.member, known))
    if _is(published, MapShape):
        return Shape(sort="map", min=least, max=most, item=_shape(published.value, known))
    if published.type_name in _NUMBERS:
        return Shape(sort="number", min=least, max=most)
    if published.type_name == "string":
        pattern, values = published.metadata.get("pattern", ""), tuple(published.metadata.get("enum", ()))
        return Shape(sort="text", min=least, max=most, pattern=pattern, values=values)
    return Shape()


def _is(published: Any, kind: type) -> bool:
    return isinstance(published, kind)
