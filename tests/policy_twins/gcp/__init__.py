"""Twins on Google, and resources of further types."""

from tests.policy_twins.gcp import data, identity, network, running
from tests.policy_twins.gcp.others import OTHERS
from tests.policy_twins.twin import Twin

TWINS: tuple[Twin, ...] = (*network.TWINS, *identity.TWINS, *data.TWINS, *running.TWINS)

__all__ = ["OTHERS", "TWINS"]
