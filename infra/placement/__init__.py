"""Where to run, computed from what is wanted (infra/settings/placement.py) and what there is (infra/catalog).

Pure functions: no pulumi, no network, no clock of their own, the same answer for the same input. `serving` places
replicas near users, `training` orders capacity for a job, `spot` decides while the job runs; `placement` puts a stack's
together for the program. What it costs once it stands is `slipway cost`'s; building it is the targets'.
"""

from infra.placement.errors import Infeasible, PlacementError

__all__ = ["Infeasible", "PlacementError"]
