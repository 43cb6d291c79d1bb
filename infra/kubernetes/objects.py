"""What all objects share: how one is named, labelled and found, and how a concern's objects are registered.

A manifest is a plain mapping, as kubectl would apply it. It is registered under the type that Pulumi's SDK gives its
kind, so the official provider applies it; the SDK's own classes would add seconds of imports and check less than
Kubernetes' schemas, against which the tests hold every object.
"""

from collections.abc import Mapping
from typing import Any

from pulumi import ComponentResource, CustomResource, ResourceOptions

from infra.naming import NAMESPACE

Manifest = dict[str, Any]

SYSTEM_NAMESPACE = "slipway-system"
"""Of what must reach into its node."""

KUBE_SYSTEM = "kube-system"

NAME = "app.kubernetes.io/name"

_MAKE_PODS = ("CronJob", "DaemonSet", "Deployment", "Job")


def metadata(
    name: str,
    part: str,
    *,
    namespace: str | None = NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """part: what of Slipway it belongs to, by which selectors find it. namespace: None for what is in none."""
    said: dict[str, Any] = {"name": name, "labels": {NAME: part, **(labels or {})}}
    if namespace is not None:
        said["namespace"] = namespace
    if annotations:
        said["annotations"] = dict(annotations)
    return said


def selected(part: str) -> dict[str, dict[str, str]]:
    """The selector of a part's pods."""
    return {"matchLabels": {NAME: part}}


def stack_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """A stack's labels as Kubernetes names them: its recommended ones, and the stack's own under our prefix."""
    return {
        "app.kubernetes.io/part-of": labels["project"],
        "app.kubernetes.io/instance": labels["stack"],
        "app.kubernetes.io/managed-by": "pulumi",
        **{f"slipway/{name}": labels[name] for name in ("owner", "environment", "cost-center")},
    }


def labelled(manifest: Manifest, labels: Mapping[str, str]) -> Manifest:
    """The manifest with the stack's labels on the object and on every pod that it makes. Its own labels win."""
    own = manifest.get("metadata", {})
    stamped: Manifest = {**manifest, "metadata": {**own, "labels": {**labels, **own.get("labels", {})}}}
    if manifest.get("kind") in _MAKE_PODS or "kind" not in manifest:
        spec: Manifest = manifest["spec"]
        for key in ("template", "jobTemplate"):
            if key in spec:
                stamped["spec"] = {**spec, key: labelled(spec[key], labels)}
    return stamped


def memory(mebibytes: float) -> str:
    """As the API server writes it back, in the largest unit that fits: another spelling would look like a change."""
    return _spelled(round(mebibytes), 1024, ("Mi", "Gi", "Ti"))


def count(number: int) -> str:
    """The same of whole things: a thousand is `1k` there."""
    return _spelled(number, 1000, ("", "k", "M"))


def _spelled(amount: int, base: int, units: tuple[str, ...]) -> str:
    larger = units[1:]
    return _spelled(amount // base, base, larger) if larger and amount and amount % base == 0 else f"{amount}{units[0]}"


def token(manifest: Manifest) -> str:
    """The type under which Pulumi knows a kind, as `kubernetes:apps/v1:Deployment`."""
    version = manifest["apiVersion"]
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{manifest['kind']}"


def group_of(manifest: Manifest) -> str:
    """Of its API; empty for the core's."""
    group, slash, _ = manifest["apiVersion"].partition("/")
    return group if slash else ""


def plural_of(manifest: Manifest) -> str:
    """What its kind is called in paths and in rules of access. True for every kind that is applied here."""
    kind = manifest["kind"].lower()
    if kind.endswith("y") and not kind.endswith("ay"):
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def path_of(manifest: Manifest) -> str:
    """Where the API server has it."""
    root = "apis" if "/" in manifest["apiVersion"] else "api"
    namespace = manifest["metadata"].get("namespace")
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"/{root}/{manifest['apiVersion']}{within}/{plural_of(manifest)}/{manifest['metadata']['name']}"


class Objects(ComponentResource):
    """One concern's objects, each registered as its manifest says it, labels included. concern: as `Predictor`."""

    def __init__(
        self, concern: str, name: str, manifests: Mapping[str, Manifest], opts: ResourceOptions | None = None
    ) -> None:
        super().__init__(f"slipway:kubernetes:{concern}", name, None, opts)
        for key, manifest in manifests.items():
            CustomResource(token(manifest), f"{name}-{key}", dict(manifest), ResourceOptions(parent=self))
        self.register_outputs({})
