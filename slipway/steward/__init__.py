"""Who keeps a training job to its deadline at the least cost while it runs: asks the policy, and does what it says.

The policy is `infra.placement.spot.decide`, the one that is replayed on traces. Not here: what moves a job
(training/launch/movable.py), and where one should run at all (infra/placement/training).
"""

from slipway.steward.loop import Movable, Steward, StewardLauncher
from slipway.steward.terms import Terms, terms

__all__ = ["Movable", "Steward", "StewardLauncher", "Terms", "terms"]
