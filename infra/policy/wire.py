"""Between the engine and the rules: resources off the engine's protocol (analyzer.proto), once each, with all it tells.

The Python SDK of policies unwraps secrets before a policy sees them, reads of the stack's configuration the tags alone,
and makes every resource anew for each policy, which would double the time of a preview. So one part of it is replaced
here, by name: what answers the engine. With an SDK that has another, tests/engine/test_policy.py fails.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, Policy, StackValidationPolicy
from pulumi_policy import policy as sdk
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.proxy import (
    UNKNOWN_ARCHIVE_VALUE,
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_ASSET_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
)

from infra.policy.stack import UNKNOWN, Provider, Resource, Sealed, Stack, is_block, is_list

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


def resource_of(said: Any, refs: Mapping[str, tuple[str, ...]] | None = None) -> Resource:
    """A resource as AnalyzeRequest or AnalyzerResource says it."""
    provider = None
    if said.HasField("provider"):
        provider = Provider(name=said.provider.name, props=_properties(said.provider.properties))
    return Resource(
        type=said.type,
        name=said.name,
        urn=said.urn,
        props=_properties(said.properties),
        protect=said.options.protect,
        provider=provider,
        refs=refs or {},
    )


def stack_of(request: Any) -> Stack:
    """A stack as AnalyzeStackRequest says it: what came out of each resource, and what it was made from."""
    return Stack(
        resources=tuple(
            resource_of(one, {key: tuple(made.urns) for key, made in one.propertyDependencies.items()})
            for one in request.resources
        )
    )


def plain(value: Any) -> Any:
    """A tree with its secrets marked, and UNKNOWN where the engine has put a placeholder."""
    if is_block(value):
        if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            return _sealed(plain(value["value"]))
        return {key: plain(part) for key, part in value.items()}
    if is_list(value):
        return [plain(part) for part in value]
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWN else value


def _sealed(value: Any) -> Any:
    if is_block(value):
        return {key: _sealed(part) for key, part in value.items()}
    if is_list(value):
        return [_sealed(part) for part in value]
    return Sealed(value) if isinstance(value, str) else value


def _properties(struct: Any) -> dict[str, Any]:
    return plain(json_format.MessageToDict(struct))


def listen(policies: Sequence[Policy], heard: Callable[[Mapping[str, str]], None]) -> None:
    """Answer the engine for `policies`, which are asked with a Resource or a Stack in place of the SDK's arguments.

    heard: called with the stack's configuration, without its secrets, before the first resource is judged.
    """

    class Analyzer(sdk._PolicyAnalyzerServicer):  # pyright: ignore[reportPrivateUsage]
        def ConfigureStack(self, request: Any, _context: Any) -> Any:
            secrets = set(request.config_secret_keys)
            heard({key: value for key, value in request.config.items() if key not in secrets})
            return super().ConfigureStack(request, _context)  # pyright: ignore[reportUnknownMemberType]

        def Analyze(self, request: Any, _context: Any) -> Any:
            return self._ask(resource_of(request), [p for p in policies if not isinstance(p, StackValidationPolicy)])

        def AnalyzeStack(self, request: Any, _context: Any) -> Any:
            return self._ask(stack_of(request), [p for p in policies if isinstance(p, StackValidationPolicy)])

        def Remediate(self, request: Any, _context: Any) -> Any:
            return analyzer_pb2.RemediateResponse()

        def _ask(self, subject: Resource | Stack, asked: Sequence[Any]) -> Any:
            response = analyzer_pb2.AnalyzeResponse()
            for policy in asked:
                level = self._get_enforcement_level(policy)
                if level is not EnforcementLevel.DISABLED:
                    policy.validate(
                        subject, self._create_report_violation(response, policy.name, policy.description, level)
                    )
            return response

    sdk._PolicyAnalyzerServicer = Analyzer  # pyright: ignore[reportPrivateUsage]
