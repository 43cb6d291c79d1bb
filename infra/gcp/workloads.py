"""What each workload may do, as grants: the least that it needs, on stores and queues of its region. Pure."""

from infra.gcp.identity import PodRole
from infra.gcp.policies import Grant
from infra.gcp.queue import Queue
from infra.gcp.storage import Storage
from infra.stores import CHECKPOINTS, RELEASES, RUNS

_READ, _ADD, _CHANGE = "roles/storage.objectViewer", "roles/storage.objectCreator", "roles/storage.objectUser"


def may_train(storage: Storage) -> list[Grant]:
    """Read data and releases; add releases; write checkpoints and runs."""
    return [
        Grant(kind="bucket", on=storage.bucket, role=_READ),
        Grant(kind="bucket", on=storage.bucket, role=_ADD, under=[RELEASES]),
        Grant(kind="bucket", on=storage.bucket, role=_CHANGE, under=[CHECKPOINTS, RUNS]),
    ]


def may_serve(storage: Storage | None, queue: Queue | None) -> list[Grant]:
    """Read releases; put tasks into the queue. None for what is bound elsewhere."""
    puts = [Grant(kind="topic", on=queue.topic, role="roles/pubsub.publisher")] if queue else []
    return [*_may_load(storage), *puts]


def may_work(storage: Storage | None, queue: Queue | None) -> list[Grant]:
    """Read releases; take tasks out of the queue. None for what is bound elsewhere."""
    takes = [Grant(kind="subscription", on=queue.subscription, role="roles/pubsub.subscriber")] if queue else []
    return [*_may_load(storage), *takes]


def pod_roles(*, storage: Storage | None = None, queue: Queue | None = None) -> list[PodRole]:
    """Every service account of Kubernetes that Google knows, with what it may do on a store and on a queue."""
    return [
        PodRole(account="trainer", may=may_train(storage) if storage else []),
        PodRole(account="predictor", may=may_serve(storage, queue)),
        PodRole(account="worker", may=may_work(storage, queue)),
    ]


def _may_load(storage: Storage | None) -> list[Grant]:
    return [Grant(kind="bucket", on=storage.bucket, role=_READ, under=[RELEASES])] if storage else []
