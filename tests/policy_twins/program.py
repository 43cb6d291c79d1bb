"""Registers one side of all twins: the program that a preview with the policy pack is run on."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import pulumi

from tests.policy_twins import TWINS
from tests.policy_twins.twin import PROVIDERS, Made, Ref, Secret

_STACK = "pulumi:pulumi:Stack"


def register(side: Literal["fails", "passes"]) -> None:
    providers = {
        (cloud, name): pulumi.ProviderResource(cloud, name, dict(props))
        for cloud, named in PROVIDERS.items()
        for name, props in named.items()
    }
    for twin in TWINS:
        _register(getattr(twin, side), providers)


def _register(twin: Iterable[Made], providers: Mapping[tuple[str, str], pulumi.ProviderResource]) -> None:
    made: dict[str, pulumi.CustomResource] = {}
    for one in twin:
        props = {key: _live(value, made) for key, value in one.props.items() if value is not None}
        if one.type == _STACK:  # its properties are what the program exports
            for key, value in props.items():
                pulumi.export(key, value)
            continue
        opts = pulumi.ResourceOptions(provider=providers.get((one.cloud, one.provider)), protect=one.protect)
        made[one.name] = pulumi.CustomResource(one.type, one.name, props, opts)


def _live(value: Any, made: Mapping[str, pulumi.CustomResource]) -> Any:
    if isinstance(value, Ref):
        return made[value.to].id
    if isinstance(value, Secret):
        return pulumi.Output.secret(value.text)
    if isinstance(value, Mapping):
        return {key: _live(part, made) for key, part in value.items()}
    return [_live(part, made) for part in value] if isinstance(value, list) else value
