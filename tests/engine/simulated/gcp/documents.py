"""Texts of JSON that a call passes on whole, such as a dashboard: judged like a call, and strictly.

An SDK has no types for what is in such a text, so a member that the API does not have is refused here.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.engine.simulated.core import shapes
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.shapes import Shape, normal
from tests.engine.simulated.core.wire import UNKNOWN, below
from tests.engine.simulated.gcp import api


def problems(schema: str, text: Any, path: str) -> Iterator[Problem]:
    """schema: `monitoring.v1.Dashboard`. An unknown is not judged."""
    if not isinstance(text, str) or text == UNKNOWN:
        return
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        yield Problem(path=path, reason=f"is no JSON: {error}")
        return
    shape = api.schema(schema)
    yield from _strangers(shape, content, path)
    yield from shapes.problems(shape, content, path)


def _strangers(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    """Members that the API does not have."""
    if shape.sort == "structure" and isinstance(value, Mapping):
        for name, item in value.items():
            if found := shape.members.get(normal(name)):
                yield from _strangers(found, item, below(path, name))
            else:
                yield Problem(path=below(path, name), reason="the API has no such member")
    elif shape.sort == "list" and isinstance(value, list) and shape.item:
        for index, item in enumerate(value):
            yield from _strangers(shape.item, item, f"{path}[{index}]")
    elif shape.sort in ("structure", "list"):
        yield Problem(path=path, reason=f"must be {'an object' if shape.sort == 'structure' else 'a list'}")
