"""What the engine tells a policy pack, and the Python SDK of policies keeps from its policies.

Two things: which values are secrets, which the SDK unwraps, and the stack's configuration, of which it reads the tags
alone. Both are in the engine's protocol (analyzer.proto). The SDK has no way to hear them, so two of its parts are
replaced here, by name. With an SDK that has others, secrets look plain and every stack looks like production: the pack
then refuses too much, and tests/engine/test_policy.py fails.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from pulumi_policy import policy as sdk
from pulumi_policy.deserialize import (
    SPECIAL_SECRET_SIG,
    SPECIAL_SIG_KEY,
    deserialize_properties,
    serialize_properties,
)
from pulumi_policy.proxy import (
    UNKNOWN_ARCHIVE_VALUE,
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_ASSET_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
)

from infra.policy.stack import UNKNOWN, Sealed, is_block, is_list

_UNKNOWN = frozenset(
    {
        UNKNOWN_ARCHIVE_VALUE,
        UNKNOWN_ARRAY_VALUE,
        UNKNOWN_ASSET_VALUE,
        UNKNOWN_BOOLEAN_VALUE,
        UNKNOWN_NUMBER_VALUE,
        UNKNOWN_OBJECT_VALUE,
        UNKNOWN_STRING_VALUE,
    }
)


class Properties(Mapping[str, Any]):
    """Properties as the SDK hands them over, made plain when they are first looked at: most rules look at few types."""

    def __init__(self, given: Any) -> None:
        self._given = given

    @cached_property
    def _plain(self) -> Mapping[str, Any]:
        return plain(serialize_properties(self._given))

    def __getitem__(self, key: str) -> Any:
        return self._plain[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)


def plain(value: Any) -> Any:
    """A tree with UNKNOWN where the engine has put one of its placeholders."""
    if is_block(value):
        return {key: plain(part) for key, part in value.items()}
    if is_list(value):
        return [plain(part) for part in value]
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWN else value


def marked(value: Any) -> Any:
    """The engine's wrapping of secrets taken off a tree, and each text inside marked as sealed."""
    if is_block(value):
        if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            return _sealed(value["value"])
        return {key: marked(part) for key, part in value.items()}
    return [marked(part) for part in value] if is_list(value) else value


def _sealed(value: Any) -> Any:
    if is_block(value):
        return {key: _sealed(part) for key, part in marked(value).items()}
    if is_list(value):
        return [_sealed(part) for part in value]
    return Sealed(value) if isinstance(value, str) else value


def _deserialize(properties: dict[str, Any], proxy_secrets: bool = False) -> dict[str, Any]:
    return deserialize_properties(properties if proxy_secrets else marked(properties), proxy_secrets)


def listen(heard: Callable[[Mapping[str, str]], None]) -> None:
    """Call `heard` with the stack's configuration, without its secrets, before the first resource is judged."""

    class Analyzer(sdk._PolicyAnalyzerServicer):  # pyright: ignore[reportPrivateUsage]
        def ConfigureStack(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
            secrets = set(request.config_secret_keys)
            heard({key: value for key, value in request.config.items() if key not in secrets})
            return super().ConfigureStack(request, _context)  # pyright: ignore[reportUnknownMemberType]

    sdk._PolicyAnalyzerServicer = Analyzer  # pyright: ignore[reportPrivateUsage]
    sdk.deserialize_properties = _deserialize  # pyright: ignore[reportPrivateImportUsage]
