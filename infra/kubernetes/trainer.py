"""What a training job needs on the cluster, held ready: jobs themselves are submitted, not resources.

Gives the service account that the cloud knows, the headless Service under which a job's pods have names, priorities,
and for each pool the manifest of a job. A launcher fills that in and creates it (training/launch/kubernetes.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Output

from infra.kubernetes.accounts import service_account
from infra.kubernetes.job import PART, PORT, JobShape, job
from infra.kubernetes.objects import Manifest, labelled, metadata

JOBS = "trainer-jobs"
"""The ConfigMap with a job's manifest for each pool, as `<pool>.json`."""

SERVING, TRAINING, NODES = "slipway-serving", "slipway-training", "slipway-nodes"
_PRIORITIES = {
    SERVING: (10_000, "PreemptLowerPriority", "Answers users: takes the place of training where there is no other"),
    NODES: (1_000_000_000, "PreemptLowerPriority", "Makes a node of use: without it nothing else could run there"),
    TRAINING: (1_000, "Never", "Goes on from a checkpoint: waits for a node and takes nobody's"),
}


@dataclass(frozen=True, kw_only=True)
class TrainerArgs:
    """shapes: of a job, by pool."""

    shapes: Mapping[str, JobShape]
    labels: Mapping[str, str]


def trainer(args: TrainerArgs) -> dict[str, Manifest]:
    return {
        "account": service_account(PART),
        "service": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata(PART, PART, annotations={"pulumi.com/skipAwait": "true"}),  # no pods until a job
            "spec": {
                "clusterIP": "None",
                "publishNotReadyAddresses": True,  # they meet before any of them could be ready
                "selector": metadata(PART, PART)["labels"],
                "ports": [{"name": "rendezvous", "port": PORT, "targetPort": PORT, "protocol": "TCP"}],
            },
        },
        "jobs": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(JOBS, PART),
            "data": {f"{pool}.json": _manifest(shape, args.labels) for pool, shape in args.shapes.items()},
        },
    }


def _manifest(shape: JobShape, labels: Mapping[str, str]) -> Output[str]:
    return Output.json_dumps(labelled(job(shape), labels), indent=2, sort_keys=True)


def priorities() -> dict[str, Manifest]:
    return {
        name.removeprefix("slipway-"): {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": metadata(name, "priorities", namespace=None),
            "value": value,
            "preemptionPolicy": policy,
            "description": why,
        }
        for name, (value, policy, why) in _PRIORITIES.items()
    }
