"""Turns pydantic's findings into lines that name the key of the stack file, what was wrong and what was given."""

from typing import Any

from pydantic import ValidationError

NAMESPACE = "slipway"
SECRETS = frozenset({"origin_token"})
"""Keys whose values are never repeated; the only ones that a stack may set with `pulumi config set --secret`."""

EVERY_KEY = "stacks/schema.json has every key with its bounds; `make docs` writes them as a page"
"""Where a person who was refused a key looks next."""


def explain(error: ValidationError) -> str:
    return "\n".join(line for problem in error.errors() for line in _lines(problem))


def _lines(problem: Any) -> list[str]:
    """A finding about the whole stack names its keys itself, a line each."""
    if problem["loc"]:
        return [f"{_path(problem['loc'])}: {_reason(problem)}"]
    return [f"{NAMESPACE}:{line}" for line in _reason(problem).splitlines()]


def _path(location: tuple[int | str, ...]) -> str:
    first, *rest = location
    return f"{NAMESPACE}:{first}" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)


def _reason(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "unknown key"
    if problem["type"] == "missing":
        return "is required"
    secret = bool(SECRETS & {*problem["loc"][:1]})
    given = "" if secret or isinstance(problem["input"], dict) else f" (got {problem['input']!r})"
    return problem["msg"].removeprefix("Value error, ") + given
