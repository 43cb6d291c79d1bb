"""A cloud's published description of its calls: as flat rows that can be kept, as shapes, and inputs against those."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from tests.engine.simulated.core import shapes
from tests.engine.simulated.core.description import Description
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.shapes import Shape, normal
from tests.engine.simulated.core.wire import Plain


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A Shape whose members and item are names, since shapes may hold themselves."""

    shape: Shape
    members: dict[str, str] = {}
    item: str = ""


Rows = dict[str, Row]

_DECODER = msgspec.json.Decoder(Rows)  # made here, since msgspec makes none safely in several threads


def problems(description: Description, whole: Shape, inputs: Plain) -> Iterator[Problem]:
    """What the call would refuse of the inputs that it has members for, and what the description adds to that."""
    for path, value in at(inputs, description.members):
        yield from shapes.problems(follow(whole, description.members[path]), value, path)
    rest = {name: value for name, value in inputs.items() if name not in description.members}
    yield from shapes.problems(follow(whole, description.within) if description.within else whole, rest, "")
    for path, value in at(inputs, description.limits):
        yield from shapes.problems(description.limits[path], value, path)


def read(content: bytes, name: str) -> Shape:
    """The shape of a name among encoded rows."""
    return _built(name, _DECODER.decode(content), {})


def _built(name: str, rows: Mapping[str, Row], known: dict[str, Shape]) -> Shape:
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


def follow(shape: Shape, path: str) -> Shape:
    """The member at a path of the cloud's own names; lists are passed through. Raises LookupError."""
    for name in path.split("."):
        while shape.sort == "list" and shape.item:
            shape = shape.item
        if normal(name) not in shape.members:
            raise LookupError(f"{path}: there is no {name}, but {', '.join(sorted(shape.members))}")
        shape = shape.members[normal(name)]
    while path and shape.sort == "list" and shape.item and shape.item.sort == "structure":
        shape = shape.item
    return shape


def at(inputs: Plain, paths: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The values that stand at paths; a path leads into objects and every item of a list."""
    for path in paths:
        for value in _below([inputs], path.split(".")):
            yield path, value


def _below(values: list[Any], names: list[str]) -> list[Any]:
    for position, name in enumerate(names):
        found = [value[name] for value in values if isinstance(value, dict) and name in value]
        if position == len(names) - 1:
            return found
        values = [item for value in found for item in (value if isinstance(value, list) else [value])]
    return values
