"""Which cluster, and how it is reached: a kubeconfig of yours, or the cluster of a cloud stack by that stack's outputs.

Nothing secret comes into the state: a file stays a path, and a cloud's cluster is entered with whatever rights the
person or the pipeline has, by the cloud's own credentials helper. The provider keeps its objects as long as the
cluster's name is the same, whichever way leads to it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pulumi import Output, RunError, StackReference
from pulumi_kubernetes import Provider

from infra.settings import KubernetesSettings
from slipway.errors import SettingsError

_T = TypeVar("_T")
_CREDENTIALS_API = "client.authentication.k8s.io/v1beta1"


@dataclass(frozen=True, kw_only=True)
class Home:
    """What is known of the cluster. kubeconfig: content, or the path of a file. store: URL of the bucket.

    cluster: what its cloud calls it. priorities (the order of capacity) and interruptions (the queue of news of nodes
    that go): as KubernetesCluster has them; None where it has none, or on a cluster that Slipway did not make.
    """

    kubeconfig: Output[str] | str
    store: Output[str] | str
    cluster: Output[str] | str
    priorities: Output[str] | None = None
    interruptions: Output[str] | None = None


def home_of(settings: KubernetesSettings) -> Home:
    """From settings alone, or with `of` from the outputs of the stack that made the cluster."""
    if settings.kubeconfig:
        return Home(kubeconfig=settings.kubeconfig, store=settings.store, cluster=settings.cluster)
    clusters = StackReference("cloud", stack_name=settings.of).get_output("clusters")

    def said(what: Callable[[Mapping[str, Any]], str]) -> Output[str]:
        # the whole output counts as secret, for the sake of the queue's URL that is in it too
        return Output.unsecret(clusters.apply(lambda outputs: told(lambda: what(cluster_in(outputs, settings)))))

    return Home(
        kubeconfig=said(_way_in),
        store=said(lambda cluster: cluster["store"]),
        cluster=said(lambda cluster: cluster["name"]),
        priorities=said(lambda cluster: cluster["priorities"]),
        interruptions=said(lambda cluster: cluster["interruptions"]) if settings.kind == "eks" else None,
    )


def provider_for(settings: KubernetesSettings, home: Home) -> Provider:
    return Provider(
        f"kubernetes-{settings.cluster}",
        kubeconfig=home.kubeconfig,
        context=settings.context or None,
        cluster_identifier=settings.cluster,
        enable_server_side_apply=True,
        enable_config_map_mutable=True,  # else a new content would delete the object before it makes the next
        enable_patch_force=True,  # else a field that somebody changed by hand would hold up every later change
    )


def told(read: Callable[[], _T]) -> _T:
    """What is read of outputs, once they are known: there only a RunError ends the program with one line."""
    try:
        return read()
    except SettingsError as error:
        raise RunError(str(error)) from error


def cluster_in(clusters: Mapping[str, Mapping[str, Any]] | None, settings: KubernetesSettings) -> Mapping[str, Any]:
    """The cluster of the region, of the `clusters` that a cloud stack gives out.

    Raises SettingsError when the stack has none there, or one of another kind than settings say.
    """
    found = (clusters or {}).get(settings.region)
    if found is None:
        there = ", ".join(sorted(clusters or {})) or "none yet; bring it up first"
        raise SettingsError(
            f"slipway:kubernetes.region: the stack {settings.of} has no cluster in {settings.region}",
            hint=f"it has {there}",
        )
    if found["kind"] != settings.kind:
        raise SettingsError(
            f"slipway:kubernetes.kind: the cluster of {settings.of} is {found['kind']} and not {settings.kind}",
            hint=f"say kind: {found['kind']}",
        )
    return found


def kubeconfig_for(*, kind: str, name: str, endpoint: str, certificate: str, location: str) -> dict[str, Any]:
    """A kubeconfig without a secret: whoever uses it asks its cloud for a token of its own. certificate: base64."""
    server = endpoint if endpoint.startswith("https://") else f"https://{endpoint}"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": certificate}}],
        "users": [{"name": name, "user": {"exec": _helper(kind, name, location)}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def _helper(kind: str, name: str, location: str) -> dict[str, Any]:
    shared = {"apiVersion": _CREDENTIALS_API, "interactiveMode": "IfAvailable", "provideClusterInfo": kind == "gke"}
    if kind == "gke":
        return shared | {"command": "gke-gcloud-auth-plugin"}
    arguments = ["eks", "get-token", "--cluster-name", name, "--region", location, "--output", "json"]
    return shared | {"command": "aws", "args": arguments}


def _way_in(cluster: Mapping[str, Any]) -> str:
    said = {key: cluster[key] for key in ("kind", "name", "endpoint", "certificate", "location")}
    return json.dumps(kubeconfig_for(**said))
