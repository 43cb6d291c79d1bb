"""What rules speak of, whatever the cloud: openings, grants, stores, pools and the like.

A folder per cloud (aws/, gcp/, kubernetes/) finds these in its resources; the file of a concern judges them. A switch
is None while it is not known, which no judge holds against it. what: how a message names the thing, with its own word
for it.
"""

from infra.policy.ideas.access import (
    ApiServer,
    Door,
    Federation,
    Grant,
    Held,
    Identity,
    LastingKey,
    Opening,
    Passing,
    SecretReader,
)
from infra.policy.ideas.account import Budgets, Labelled, Managed, Placed, Spend
from infra.policy.ideas.kept import AtRest, Key, Logs, Queue, Registry, Stateful, Store
from infra.policy.ideas.pods import Container, DisruptionBudget, Job, Namespace, Pod, Replicated
from infra.policy.ideas.running import (
    ControlPlane,
    Ear,
    Edge,
    Function,
    Image,
    Machine,
    Network,
    NodeImage,
    NodePool,
    SpotPool,
    Watched,
)

__all__ = [
    "ApiServer",
    "AtRest",
    "Budgets",
    "Container",
    "ControlPlane",
    "DisruptionBudget",
    "Door",
    "Ear",
    "Edge",
    "Federation",
    "Function",
    "Grant",
    "Held",
    "Identity",
    "Image",
    "Job",
    "Key",
    "Labelled",
    "LastingKey",
    "Logs",
    "Machine",
    "Managed",
    "Namespace",
    "Network",
    "NodeImage",
    "NodePool",
    "Opening",
    "Passing",
    "Placed",
    "Pod",
    "Queue",
    "Registry",
    "Replicated",
    "SecretReader",
    "Spend",
    "SpotPool",
    "Stateful",
    "Store",
    "Watched",
]
