"""Jobs that were to be created and of which nobody knows whether they were: the answer was lost, or not waited for."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from slipway.errors import TrainingError
from training.launch.cluster import Cluster
from training.launch.manifest import state_of
from training.launch.protocol import JobState


class Unanswered:
    """Remembers their names until they are surely gone: whoever starts the next one would train beside them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._names = cluster, dict[str, None]()

    @contextmanager
    def creating(self, name: str) -> Iterator[None]:
        """Around all that creates a job and its secret. Whatever interrupts it, both are deleted, now or by `clear`."""
        self._names[name] = None
        try:
            yield
        except BaseException:
            with suppress(TrainingError):  # the cluster that gave no answer may give none now
                self._delete(name)
            raise
        del self._names[name]

    def clear(self) -> str:
        """Delete what is remembered. Returns the name of one that may run still, and is remembered; else nothing."""
        for name in list(self._names):
            self._delete(name)
            if state_of(self._cluster.job(name)) is not JobState.RUNNING:
                del self._names[name]
        return next(iter(self._names), "")

    def _delete(self, name: str) -> None:
        self._cluster.delete_job(name)
        self._cluster.delete_secret(name)
