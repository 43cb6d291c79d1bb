"""botocore's service models as shapes: what AWS itself publishes of the calls that make resources.

A service model is megabytes of JSON, so the few calls that are used are kept by themselves.
"""

import functools
from collections.abc import Iterator
from typing import Any

import msgspec

from tests.engine.simulated.aws.description import Description
from tests.engine.simulated.core import published
from tests.engine.simulated.core.kept import Kept
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.published import Row, Rows
from tests.engine.simulated.core.shapes import Shape, normal
from tests.engine.simulated.core.wire import Plain

_KEPT = Kept("botocore", __file__)
_INPUT = "(input)"
_NUMBERS = ("integer", "long", "float", "double")


def problems(description: Description, inputs: Plain) -> Iterator[Problem]:
    whole = call(description.call) if description.call else Shape(sort="structure")
    yield from published.problems(description, whole, inputs)


@functools.cache
def call(name: str) -> Shape:
    """The input of `service.Operation`. Raises botocore's own errors for one that there is not."""
    content = _KEPT.get(name, lambda: msgspec.json.encode(_flat(name)))
    assert content is not None
    return published.read(content, _INPUT)


def _flat(name: str) -> Rows:
    """All shapes of a call by botocore's names."""
    service, operation = name.split(".")
    rows: Rows = {}
    _collect(_model(service).operation_model(operation).input_shape, rows, _INPUT)
    return rows


def _collect(modelled: Any, into: Rows, name: str = "") -> str:
    """modelled: a shape of botocore's, whose members are untyped. The name under which it stands."""
    name = name or modelled.name
    if name in into:
        return name
    least, most = modelled.metadata.get("min"), modelled.metadata.get("max")
    if modelled.type_name == "structure":
        members: dict[str, str] = {}
        into[name] = Row(shape=Shape(sort="structure"), members=members)
        members.update({normal(key): _collect(member, into) for key, member in modelled.members.items()})
    elif modelled.type_name in ("list", "map"):
        of = "member" if modelled.type_name == "list" else "value"
        shape = Shape(sort=modelled.type_name, min=least, max=most)
        into[name] = Row(shape=shape)
        into[name] = Row(shape=shape, item=_collect(getattr(modelled, of), into))
    else:
        into[name] = Row(shape=_leaf(modelled, least, most))
    return name


def _leaf(modelled: Any, least: float | None, most: float | None) -> Shape:
    if modelled.type_name in _NUMBERS:
        return Shape(sort="number", min=least, max=most)
    if modelled.type_name == "string":
        pattern, values = modelled.metadata.get("pattern", ""), tuple(modelled.metadata.get("enum", ()))
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
