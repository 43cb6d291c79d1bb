"""What GKE is told of the order of capacity: a ComputeClass for each pool, with its node pools in order. Pure.

The stack that is applied to the cluster puts them there. GKE asks the first node pool that fits a pod, then the next;
with migration it moves pods back to a better one when that has machines again.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from infra.capacity import Choice, is_gone
from infra.gcp.naming import group_name
from infra.settings import Gone

COMPUTE_CLASS = "cloud.google.com/compute-class"
"""Label and taint by which a node pool belongs to a ComputeClass."""


def priorities(choices: Iterable[Choice], gone: Iterable[Gone]) -> str:
    """YAML documents, one ComputeClass for each pool, for the choices of one region."""
    gone, pools = tuple(gone), dict[str, list[Choice]]()
    for choice in choices:
        pools.setdefault(choice.pool, []).append(choice)
    return yaml.safe_dump_all((_compute_class(pool, ordered, gone) for pool, ordered in pools.items()), sort_keys=False)


def _compute_class(pool: str, choices: Sequence[Choice], gone: Sequence[Gone]) -> dict[str, Any]:
    there = [choice for choice in choices if not is_gone(choice, gone)]
    lost = [choice for choice in choices if is_gone(choice, gone)]  # last, since it may have come back
    return {
        "apiVersion": "cloud.google.com/v1",
        "kind": "ComputeClass",
        "metadata": {"name": pool},
        "spec": {
            "priorities": [{"nodepools": [name]} for choice in (*there, *lost) for name in group_names(choice)],
            "activeMigration": {"optimizeRulePriority": True},
            "whenUnsatisfiable": "DoNotScaleUp",
        },
    }


def group_names(choice: Choice) -> list[str]:
    """The node pools of a choice: one for each of its machine types, in their order."""
    return [group_name(choice.pool, choice.capacity, place) for place in range(len(choice.machines))]
