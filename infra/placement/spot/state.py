"""What the policy knows when it is asked, and what it answers."""

from dataclasses import dataclass
from enum import StrEnum

from infra.placement.spot.history import History
from infra.placement.spot.job import Job


class Kind(StrEnum):
    SPOT = "spot"
    ON_DEMAND = "on_demand"
    WAIT = "wait"


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Be on this capacity from now on. zone: of spot. reason: in words, for logs and for `slipway status`."""

    kind: Kind
    zone: str = ""
    reason: str = ""

    def continues(self, running: "Running | None") -> bool:
        """Whether this keeps what runs."""
        return running is not None and (running.kind, running.zone) == (self.kind, self.zone)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """Instances that are held. warm_in_s: until they make progress, at most the job's restart_s."""

    kind: Kind
    zone: str = ""
    warm_in_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A job in flight. now_s: since its start. done_s: work done; durable_s: of it in a checkpoint.

    visible: zones that would give an instance now, those that hold one included. In a cloud that is known by asking
    (a one-instance request, the spot placement score, the last refusal's age); in a trace it is what the trace says.
    history: what was seen of the zones so far, by `History.after`.
    """

    job: Job
    now_s: float
    done_s: float
    durable_s: float
    spent_usd: float
    running: Running | None
    visible: frozenset[str]
    history: History

    @property
    def left_s(self) -> float:
        return self.job.work_s - self.done_s
