"""Labels as Google Cloud takes them, from the reference on labels; those of Kubernetes and of metrics are others."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.wire import UNKNOWN, below

_MOST = 64
_LONGEST = 63
_OTHERS = re.compile(r"[^\w-]")

ATTRIBUTION: Mapping[str, str] = {"goog-pulumi-provisioned": "true"}
"""What the provider puts on whatever has labels, unless it is told not to."""


def problems(labels: Any, path: str) -> Iterator[Problem]:
    if not isinstance(labels, Mapping):
        return
    if len(labels) > _MOST:
        yield Problem(path=path, reason=f"has {len(labels)} labels, at most {_MOST} are allowed")
    for key, value in labels.items():
        if not key[:1].isalpha() or not _is_text(key):
            yield Problem(path=below(path, key), reason=f"{key!r} is no key of a label: {_RULE}, a letter first")
        if isinstance(value, str) and value != UNKNOWN and not _is_text(value):
            yield Problem(path=below(path, key), reason=f"{value!r} is no value of a label: {_RULE}")


_RULE = f"lower-case letters, digits, _ and -, at most {_LONGEST}"


def _is_text(text: str) -> bool:
    """Letters of any script, none of them in upper case."""
    return len(text) <= _LONGEST and text == text.lower() and not _OTHERS.search(text)
