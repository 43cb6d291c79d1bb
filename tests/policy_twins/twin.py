"""A rule's twins: what breaks it and what does not, as data for unit tests and for programs under the real engine."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.policy.stack import UNKNOWN, Provider, Resource, Sealed, Stack

DIGEST = f"sha256:{'0' * 64}"
LABELS = {"owner": "ml-platform", "environment": "prod", "cost-center": "research"}
_PROJECT = {"project": "example-models", "defaultLabels": json.dumps(LABELS)}
PROVIDERS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "aws": {
        "ours": {"region": "us-east-1", "defaultTags": json.dumps({"tags": LABELS})},
        "unlabelled": {"region": "us-east-1"},
        "elsewhere": {"region": "eu-west-1", "defaultTags": json.dumps({"tags": LABELS})},
    },
    "gcp": {
        "ours": {"region": "us-central1", **_PROJECT},
        "unlabelled": {"region": "us-central1", "project": "example-models"},
        "elsewhere": {"region": "europe-west4", **_PROJECT},
    },
    "kubernetes": {"ours": {"clusterIdentifier": "example"}},
}
"""Explicit providers by cloud and name, their nested settings as JSON text, as the engine keeps them."""


@dataclass(frozen=True)
class Ref:
    """The id of another resource of the same side of a twin, which is not known at preview."""

    to: str


@dataclass(frozen=True)
class Secret:
    """A text that the program marks as a secret."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that a program registers. provider: of its cloud, by name in PROVIDERS; empty for the default one."""

    type: str
    name: str
    props: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    provider: str = "ours"

    @property
    def cloud(self) -> str:
        return self.type.partition(":")[0]


@dataclass(frozen=True, kw_only=True)
class Twin:
    """fails: is refused by the rule. passes: the same, mended, and refused by no rule at all. All of one cloud."""

    rule: str
    fails: Sequence[Made]
    passes: Sequence[Made]

    @property
    def cloud(self) -> str:
        return self.fails[0].cloud

    def __str__(self) -> str:
        return f"{self.cloud}-{self.rule}"


def stack(made: Sequence[Made]) -> Stack:
    """A stack as the pack sees it at preview, when nothing exists yet."""
    urns = {one.name: urn(one.type, one.name) for one in made}
    return Stack(resources=tuple(_resource(one, urns) for one in made))


def _resource(made: Made, urns: Mapping[str, str]) -> Resource:
    component = made.type.startswith(("slipway:", "pulumi:"))
    props = PROVIDERS.get(made.cloud, {}).get(made.provider, {})
    provider = Provider(name=made.provider or "default_7_51_1", props=props)
    return Resource(
        type=made.type,
        name=made.name,
        urn=urns[made.name],
        props={key: _at_preview(value) for key, value in made.props.items()},
        protect=made.protect,
        provider=None if component else provider,
        refs={key: tuple(urns[ref] for ref in refs) for key, value in made.props.items() if (refs := _refs(value))},
    )


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:prod::slipway::{kind}::{name}"


def _at_preview(value: Any) -> Any:
    if isinstance(value, Ref):
        return UNKNOWN
    if isinstance(value, Secret):
        return Sealed(value.text)
    if isinstance(value, Mapping):
        return {key: _at_preview(part) for key, part in value.items()}
    return [_at_preview(part) for part in value] if isinstance(value, list) else value


def _refs(value: Any) -> list[str]:
    if isinstance(value, Ref):
        return [value.to]
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [ref for part in parts for ref in _refs(part)]


def policy(**statement: Any) -> str:
    """A policy document of one statement, as the text that AWS takes."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
