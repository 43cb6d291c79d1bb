"""Training on capacity that may go at any time: the policy that acts while a job runs, and how it is measured.

`decide` is the policy; `replay` runs it, or a baseline, through published traces; `least_usd` is what someone who knew
the trace would have paid. `begun`, `seen` and `ordered` keep its state for a job that really runs (slipway/steward).
Where a job should start and what it should cost is infra/placement/training. Nothing here talks to a cloud.
"""

from infra.placement.spot.decide import decide
from infra.placement.spot.history import History
from infra.placement.spot.job import Job, Zone
from infra.placement.spot.live import Sight, begun, ordered, seen
from infra.placement.spot.oracle import least_usd
from infra.placement.spot.replay import Outcome, Policy, Window, replay, window
from infra.placement.spot.state import Action, Kind, Running, State
from infra.placement.spot.trace import Trace, read_trace, read_zones

__all__ = [
    "Action",
    "History",
    "Job",
    "Kind",
    "Outcome",
    "Policy",
    "Running",
    "Sight",
    "State",
    "Trace",
    "Window",
    "Zone",
    "begun",
    "decide",
    "least_usd",
    "ordered",
    "read_trace",
    "read_zones",
    "replay",
    "seen",
    "window",
]
