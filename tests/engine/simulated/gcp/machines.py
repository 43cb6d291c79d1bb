"""Which machines a registration starts at once, so that a stock-out can stop it. Nothing is started at a size of 0."""

from typing import Any

from tests.engine.simulated.core.cloud import Registration
from tests.engine.simulated.core.faults import Demand

_POOL = "gcp:container/nodePool:NodePool"
_KEPT = "gcp:vertex/aiPersistentResource:AiPersistentResource"
_GKE_DEFAULT = "e2-medium"
_LETTERS = "abc"


def demand(registration: Registration) -> Demand | None:
    """Of a GKE node pool, or of machines that Vertex AI keeps."""
    inputs = registration.inputs
    if registration.token == _POOL and _size(inputs):
        node: dict[str, Any] = inputs.get("nodeConfig", {})
        return _demand(registration, inputs, [node.get("machineType", _GKE_DEFAULT)], _capacity(node))
    if registration.token == _KEPT:
        pools = [pool for pool in inputs["resourcePools"] if int(pool.get("replicaCount", 0))]
        machines = [pool["machineSpec"].get("machineType", "") for pool in pools]
        return _demand(registration, inputs, machines, "ON_DEMAND") if machines else None
    return None


def _size(inputs: dict[str, Any]) -> int:
    scaling = inputs.get("autoscaling", {})
    least = max(scaling.get("minNodeCount", 0), scaling.get("totalMinNodeCount", 0))
    return max(inputs.get("nodeCount", 0), inputs.get("initialNodeCount", 0), least)


def _capacity(node: dict[str, Any]) -> str:
    if node.get("flexStart"):
        return "FLEX_START"
    if node.get("reservationAffinity", {}).get("consumeReservationType") == "SPECIFIC_RESERVATION":
        return "RESERVED"
    return "SPOT" if node.get("spot") or node.get("preemptible") else "ON_DEMAND"


def _demand(registration: Registration, inputs: dict[str, Any], machines: list[str], capacity: str) -> Demand:
    location = str(inputs.get("location") or registration.place.region)
    region = location if location.count("-") == 1 else location.rsplit("-", 1)[0]
    zones = inputs.get("nodeLocations") or ([location] if location != region else [f"{region}-{it}" for it in _LETTERS])
    return Demand(region=region, zones=zones, machines=machines, capacity=capacity)
