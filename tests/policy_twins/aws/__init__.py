"""Twins on AWS, and resources of further types."""

from tests.policy_twins.aws import data, network, running
from tests.policy_twins.aws.others import OTHERS
from tests.policy_twins.twin import Twin

TWINS: tuple[Twin, ...] = (*network.TWINS, *data.TWINS, *running.TWINS)

__all__ = ["OTHERS", "TWINS"]
