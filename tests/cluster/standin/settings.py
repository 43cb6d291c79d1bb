"""The provider's own inputs: which cluster, and how objects are treated there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.engine.simulated.core.problem import Problem, RefusedError
from tests.engine.simulated.core.wire import UNKNOWN, Plain

IDENTIFIER = "clusterIdentifier"
_WHERE = ("kubeconfig", "context", "cluster")
"""Inputs that lead to a cluster."""

_UNSUPPORTED = ("renderYamlToDirectory", "cluster")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """kubeconfig: its content. namespace: for objects that name none.

    force: take over fields that another manager owns. *_mutable: change in place what is replaced otherwise.
    adopt: an object that is there already is taken over, not refused.
    """

    kubeconfig: Mapping[str, Any]
    context: str
    namespace: str
    force: bool
    config_maps_mutable: bool
    secrets_mutable: bool
    adopt: bool


def parse(inputs: Plain) -> Settings:
    """Raises RefusedError for a kubeconfig that is none."""
    kubeconfig = _content(inputs.get("kubeconfig"))
    context = inputs.get("context") or kubeconfig.get("current-context") or ""
    return Settings(
        kubeconfig=kubeconfig,
        context=context,
        namespace=inputs.get("namespace") or _context(kubeconfig, context).get("namespace") or "default",
        force=inputs.get("enablePatchForce") is True,
        config_maps_mutable=inputs.get("enableConfigMapMutable") is True,
        secrets_mutable=inputs.get("enableSecretMutable") is True,
        adopt=inputs.get("upsertExistingObjects") is True,
    )


def problems(inputs: Plain) -> Iterator[Problem]:
    """What the stand-in cannot do, though the official provider can."""
    for key in _UNSUPPORTED:
        if inputs.get(key):
            yield Problem(path=key, reason="the stand-in of the tests does not know this")
    if inputs.get("enableServerSideApply") is False:
        yield Problem(path="enableServerSideApply", reason="the stand-in of the tests applies on the server alone")


def replacing(before: Plain, after: Plain) -> frozenset[str]:
    """The inputs that make another cluster of it, as the official provider decides: by the identifier where there is
    one on both sides, else by the address and the authority that the active context leads to.
    """
    changed = frozenset(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    old, new = before.get(IDENTIFIER), after.get(IDENTIFIER)
    if old and new:
        return changed if old != new else frozenset()
    unknown = frozenset(key for key in _WHERE if after.get(key) == UNKNOWN)
    if unknown or UNKNOWN in (before.get(key) for key in _WHERE):
        return unknown & changed
    old_cluster, new_cluster = _cluster(before), _cluster(after)
    moved = old_cluster is not None and new_cluster is not None and old_cluster != new_cluster
    return changed & frozenset(_WHERE) if moved else frozenset()


def _cluster(inputs: Plain) -> Mapping[str, Any] | None:
    """How the active context reaches its cluster; None where that cannot be told."""
    try:
        kubeconfig = _content(inputs.get("kubeconfig"))
    except RefusedError:
        return None
    name = _context(kubeconfig, inputs.get("context") or kubeconfig.get("current-context") or "").get("cluster")
    return _named(kubeconfig, "clusters", name).get("cluster")


def _content(kubeconfig: Any) -> Mapping[str, Any]:
    """From the content itself, or from the file that it names."""
    if not isinstance(kubeconfig, str) or not kubeconfig:
        raise RefusedError("NoKubeconfig", "give the provider a kubeconfig; the stand-in never looks for one by itself")
    single = "\n" not in kubeconfig and not kubeconfig.lstrip().startswith("{")
    try:
        document = yaml.safe_load(Path(kubeconfig).expanduser().read_text() if single else kubeconfig)
    except (OSError, yaml.YAMLError) as error:
        raise RefusedError("NoKubeconfig", f"cannot be read: {type(error).__name__}") from None
    if not isinstance(document, dict):
        raise RefusedError("NoKubeconfig", "is no kubeconfig: it holds no mapping")
    return document


def _context(kubeconfig: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _named(kubeconfig, "contexts", name).get("context") or {}


def _named(kubeconfig: Mapping[str, Any], what: str, name: str | None) -> Mapping[str, Any]:
    return next((each for each in kubeconfig.get(what) or () if each.get("name") == name), {})
