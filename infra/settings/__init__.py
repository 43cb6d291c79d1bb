"""What a stack file may say: one strict model, a file per area, everything refused that would be bad infrastructure.

`Settings` is the whole. Placement sections say what is wanted (users, goals, work); where it runs follows from them.
"""

from infra.settings.model import NAMESPACE, Settings
from infra.settings.placement import (
    ModelNeeds,
    PriceSettings,
    ServingGoal,
    TrainingWork,
    UserGroup,
)
from infra.settings.services import (
    EdgeSettings,
    PredictorSettings,
    QueueSettings,
    Replicas,
    TrackingSettings,
    WorkerSettings,
)

__all__ = [
    "NAMESPACE",
    "EdgeSettings",
    "ModelNeeds",
    "PredictorSettings",
    "PriceSettings",
    "QueueSettings",
    "Replicas",
    "ServingGoal",
    "Settings",
    "TrackingSettings",
    "TrainingWork",
    "UserGroup",
    "WorkerSettings",
]
