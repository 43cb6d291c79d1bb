"""Which machines a registration starts at once, so that a stock-out can stop it. Nothing is started at a size of 0."""

from tests.engine.simulated.core.cloud import Find, Registration
from tests.engine.simulated.core.faults import Demand

_NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
_EKS_DEFAULT = "t3.medium"


def demand(registration: Registration, find: Find) -> Demand | None:
    """Of an EKS node group. Its types stand in it or, where capacity was bought ahead, in its launch template."""
    inputs = registration.inputs
    if registration.token != _NODE_GROUP or not inputs["scalingConfig"].get("desiredSize"):
        return None
    template = find(inputs.get("launchTemplate", {}).get("id", ""))
    in_template = template.plain_inputs.get("instanceType") if template else None
    subnets = [found.plain_inputs for subnet in inputs["subnetIds"] if (found := find(subnet))]
    return Demand(
        region=registration.place.region,
        zones=[subnet.get("availabilityZoneId") or subnet.get("availabilityZone", "") for subnet in subnets],
        machines=inputs.get("instanceTypes") or [in_template or _EKS_DEFAULT],
        capacity=inputs.get("capacityType", "ON_DEMAND"),
    )
