"""Twins on Kubernetes, and objects of further kinds."""

from tests.policy_twins.kubernetes import identity, pods, spaces, workloads
from tests.policy_twins.kubernetes.others import OTHERS
from tests.policy_twins.twin import Twin

TWINS: tuple[Twin, ...] = (*pods.TWINS, *spaces.TWINS, *workloads.TWINS, *identity.TWINS)

__all__ = ["OTHERS", "TWINS"]
