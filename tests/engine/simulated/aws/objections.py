"""What AWS refuses though each value is well by itself: sizes that do not fit, a second of what there is one of."""

from tests.engine.simulated.core.cloud import Others, Registration
from tests.engine.simulated.core.wire import Plain

_GROUP = "aws:eks/nodeGroup:NodeGroup"
_MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"


def objection(registration: Registration, others: Others) -> str:
    """In AWS' words; empty for none."""
    match registration.token:
        case token if token == _GROUP:
            return _sizes(registration.inputs["scalingConfig"])
        case token if token == _MONITOR:
            return _monitor(registration.inputs, others)
        case _:
            return ""


def _sizes(scaling: Plain) -> str:
    least, wanted, most = scaling["minSize"], scaling["desiredSize"], scaling["maxSize"]
    if least > wanted:
        return f"Minimum capacity {least:g} can't be greater than desired size {wanted:g}"
    if wanted > most:
        return f"desired capacity {wanted:g} can't be greater than max size {most:g}"
    return ""


def _monitor(inputs: Plain, others: Others) -> str:
    """An account has one monitor of all its services."""
    if inputs.get("monitorType") == "DIMENSIONAL" and any(
        other.plain_inputs.get("monitorType") == "DIMENSIONAL" for other in others(_MONITOR)
    ):
        return "Limit exceeded on dimensional spend monitor creation"
    return ""
