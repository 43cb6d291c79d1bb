"""Twins of every rule of the policy pack, by cloud and concern. A rule that lacks one on a cloud fails a test."""

from tests.policy_twins import aws, gcp, kubernetes
from tests.policy_twins.twin import Made, Ref, Secret, Twin, policy, stack, urn

TWINS: tuple[Twin, ...] = (*aws.TWINS, *gcp.TWINS, *kubernetes.TWINS)
OTHERS: tuple[Made, ...] = (*aws.OTHERS, *gcp.OTHERS, *kubernetes.OTHERS)

__all__ = ["OTHERS", "TWINS", "Made", "Ref", "Secret", "Twin", "policy", "stack", "urn"]
