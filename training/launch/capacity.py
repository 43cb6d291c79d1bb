"""What of a job's manifest, its pods and its log has to do with spot and on-demand capacity. Pure."""

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

Manifest = dict[str, Any]
Capacity = Literal["spot", "on_demand"]

CAPACITY = "slipway/capacity"
"""The label of nodes, as infra/capacity.py has it."""

ASKS_S, HOLDS_S = 3600, 300
"""For how long a request waits for nodes, and how long it keeps them when nobody withdraws it: whoever asked may have
gone, and what is held is paid for."""

_EPOCH = re.compile(r"^epoch ([\d.]+)/(\d+)", re.MULTILINE)
_OF_TRAINING = ("args", "env", "ports", "volumeMounts", "terminationMessagePath")


def on_capacity(manifest: Manifest, capacity: Capacity) -> Manifest:
    """The same job, on nodes of this capacity and no other."""
    made = copy.deepcopy(manifest)
    nodes = made["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    only = {"key": CAPACITY, "operator": "In", "values": [capacity.replace("_", "-")]}
    for term in nodes["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]:
        term["matchExpressions"].append(only)
    return made


def asking(made: Manifest) -> Manifest:
    """A request for the nodes of a job: pods of its size that wait where it would wait, and do nothing."""
    asked = copy.deepcopy(made)
    asked["spec"] |= {"activeDeadlineSeconds": ASKS_S, "ttlSecondsAfterFinished": HOLDS_S}
    pod = asked["spec"]["template"]["spec"]
    pod |= {"terminationGracePeriodSeconds": 1, "volumes": []}
    container = pod["containers"][0]
    for part in _OF_TRAINING:
        container.pop(part)
    container["command"] = ["sleep", str(HOLDS_S)]
    return asked


def has_nodes(pods: Iterable[Mapping[str, Any]], nodes: int) -> bool:
    """Whether every pod has a node that it may stay on, whether or not it computes there yet."""
    staying = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    placed = [pod for pod in staying if pod["spec"].get("nodeName") and pod["status"].get("phase") != "Failed"]
    return len(placed) >= nodes


def done_in(log: str) -> float | None:
    """The share of a run's epochs that are behind it, by the last line that tells; None where none does."""
    told = _EPOCH.findall(log)
    return float(told[-1][0]) / int(told[-1][1]) if told else None
