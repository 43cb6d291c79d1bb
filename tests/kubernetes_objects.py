"""The Kubernetes half's objects for tests: of any variant of its settings, without an engine or mocks."""

import asyncio
import functools
from typing import Any

import yaml
from pulumi import Output

from infra.kubernetes.access import Home
from infra.kubernetes.objects import Manifest, stack_labels
from infra.kubernetes.parts import parts
from infra.labels import labels
from infra.settings import Settings
from slipway.paths import PROJECT
from slipway.release import Pin

PIN = Pin(name="employment", digest="af" * 32, store="s3://example-models")

_IMAGE = f"registry.example.com/system@sha256:{'0' * 64}"

COMPUTE_CLASSES = """
metadata: {name: train}
spec: {priorities: [{nodepools: [gpu-us-central1-train-spot]}]}
---
metadata: {name: serve}
spec: {priorities: [{nodepools: [gpu-us-central1-serve-spot]}]}
"""

VARIANTS = {
    "eks": {},
    "eks with nothing beside it": {
        "keda": False,
        "prometheus": False,
        "gateway": None,
        "queue": None,
        "queue_secret": None,
        "images": None,
    },
    "eks with KEDA alone": {"prometheus": False},
    "eks with Prometheus alone": {"keda": False},
    "eks that Slipway made": {
        "kubeconfig": None,
        "context": None,
        "store": None,
        "of": "aws-prod",
        "images": {"cluster_autoscaler": _IMAGE, "node_termination_handler": _IMAGE},
    },
    "gke that Slipway made": {
        "kubeconfig": None,
        "context": None,
        "store": None,
        "of": "gcp-prod",
        "region": "us-central1",
        "kind": "gke",
        "images": None,
        "gateway": {"class_name": "gke-l7-rilb", "host": "api.example.com", "sources": ["10.129.0.0/23"]},
    },
    "gke of yours": {"kind": "gke", "images": None, "region": None},
    "another with an Ingress": {
        "kind": "other",
        "images": None,
        "region": None,
        "gateway": {"kind": "ingress", "class_name": "nginx", "host": "api.example.com", "namespace": "ingress-nginx"},
        "queue": "redis://valkey.queues:6379/1",
        "queue_secret": None,
    },
}
"""What differs from the stack file, by what it is called; None takes a key out."""


def settings(**cluster: Any) -> Settings:
    """The stack file's, with keys of its section `kubernetes` changed."""
    config = yaml.safe_load((PROJECT / "stacks" / "Pulumi.kubernetes.yaml").read_text())["config"]
    pools = [dict(pool) for pool in config["slipway:gpu_pools"]]
    if cluster.get("kind") == "gke":
        pools[0]["machines"], pools[1]["machines"] = ["a3-highgpu-8g"], ["g2-standard-4", "g2-standard-8"]
    section = {key: value for key, value in (config["slipway:kubernetes"] | cluster).items() if value is not None}
    return Settings.parse(config | {"slipway:kubernetes": section, "slipway:gpu_pools": pools})


def home(given: Settings) -> Home:
    """As outputs or settings would give it."""
    assert given.kubernetes is not None
    made = bool(given.kubernetes.of)
    return Home(
        kubeconfig="",
        store="gs://example-models",
        cluster="models",
        priorities=Output.from_input(COMPUTE_CLASSES) if made else None,
        interruptions=Output.from_input("https://news.example") if made and given.kubernetes.kind == "eks" else None,
    )


def all_objects(given: Settings, *, serving: bool = True) -> dict[str, Manifest]:
    """By component and short name, as `predictor-deployment`; outputs are resolved."""

    async def resolved() -> dict[str, Manifest]:
        assert given.kubernetes is not None
        assert given.images is not None
        stamp = stack_labels(labels(given, "kubernetes"))
        planned = parts(given, given.kubernetes, given.images, home(given), PIN if serving else None, stamp)
        made = {f"{name}-{key}": each for name, part in planned.items() for key, each in part.manifests.items()}
        return await Output.from_input(made).future() or {}

    loop = asyncio.new_event_loop()  # asyncio.run would leave the thread without one, and Pulumi's mocks want it
    try:
        return loop.run_until_complete(resolved())
    finally:
        loop.close()


@functools.cache
def variant(name: str) -> dict[str, Manifest]:
    """Every object of one variant."""
    return all_objects(settings(**VARIANTS[name]))
