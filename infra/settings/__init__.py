"""What a stack file may say: one strict model, a file per area, everything refused that would be bad infrastructure.

`Settings` is the whole. Placement sections say what is wanted (users, goals, work); where it runs follows from them.
"""

from infra.settings.cloud import (
    BudgetSettings,
    CloudSections,
    ClusterSettings,
    DomainSettings,
    Environment,
    IdentitySettings,
    Images,
    NetworkSettings,
    ObservabilitySettings,
    Ownership,
    RegistrySettings,
    ServerlessSettings,
    StorageSettings,
    ThrottleSettings,
    VertexSettings,
)
from infra.settings.gpu_pools import BOUGHT_AHEAD, Gone, PoolSettings, Reservation
from infra.settings.kubernetes import GatewaySettings, KubernetesSettings, SystemImages
from infra.settings.model import NAMESPACE, Settings
from infra.settings.multi import CloudName, CloudPart
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
    "BOUGHT_AHEAD",
    "NAMESPACE",
    "BudgetSettings",
    "CloudName",
    "CloudPart",
    "CloudSections",
    "ClusterSettings",
    "DomainSettings",
    "EdgeSettings",
    "Environment",
    "GatewaySettings",
    "Gone",
    "IdentitySettings",
    "Images",
    "KubernetesSettings",
    "ModelNeeds",
    "NetworkSettings",
    "ObservabilitySettings",
    "Ownership",
    "PoolSettings",
    "PredictorSettings",
    "PriceSettings",
    "QueueSettings",
    "RegistrySettings",
    "Replicas",
    "Reservation",
    "ServerlessSettings",
    "ServingGoal",
    "Settings",
    "StorageSettings",
    "SystemImages",
    "ThrottleSettings",
    "TrackingSettings",
    "TrainingWork",
    "UserGroup",
    "VertexSettings",
    "WorkerSettings",
]
