"""Twins of every rule of the policy pack, by concern. A rule without a twin fails a test."""

from tests.policy_twins import data, network, running
from tests.policy_twins.twin import Made, Ref, Secret, Twin, policy, stack, urn

TWINS: tuple[Twin, ...] = (*network.TWINS, *data.TWINS, *running.TWINS)

__all__ = ["TWINS", "Made", "Ref", "Secret", "Twin", "policy", "stack", "urn"]
