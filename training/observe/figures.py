"""The figures of a run of steps, from what was counted over them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Phase = Literal["start", "data", "step", "judge", "agree", "checkpoint", "meet"]
"""What a process is doing: reading its rows, computing and exchanging gradients, judging on the validation split,
agreeing with the others on what comes next, saving, waiting for others to come."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Over the last `steps` steps of one worker, which ended with step `step`. rows: of all workers. seconds: of the
    wall clock; by_phase: those that this worker spent in each. loss: mean over the steps; gradient_norm: of the last
    one. memory_bytes: most that its device held."""

    step: int
    steps: int
    rows: int
    seconds: float
    by_phase: Mapping[Phase, float]
    loss: float
    gradient_norm: float
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the rows of a task are. tokens: in each, 0 where it has none. flops: of a row, forward and backward, None
    where the task does not say. peak_flops: of one worker's device, None where it is not known."""

    tokens: int = 0
    flops: float | None = None
    peak_flops: float | None = None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """rows_per_s, tokens_per_s: of all workers. mfu: model flops utilization, 0 to 1, None where it cannot be known.
    waited, stalled: shares of the time spent on waiting for data and standing still for a checkpoint."""

    step: int
    workers: int
    loss: float
    gradient_norm: float
    rows_per_s: float
    tokens_per_s: float
    mfu: float | None
    memory_bytes: int
    waited: float
    stalled: float
    by_phase: Mapping[Phase, float] = field(default_factory=dict)

    @property
    def rate(self) -> str:
        """In words, for a person."""
        of = f"{self.tokens_per_s:,.0f} tokens/s" if self.tokens_per_s else f"{self.rows_per_s:,.0f} rows/s"
        return of if self.mfu is None else f"{of} · MFU {self.mfu:.2f}"


def figures(counted: Counted, work: Work, *, workers: int) -> Figures:
    """Rates over the time that the steps took, judgements and checkpoints left out of none of it."""
    seconds = max(counted.seconds, 1e-9)
    rows_per_s = counted.rows / seconds
    knows = work.flops is not None and work.peak_flops is not None
    return Figures(
        step=counted.step,
        workers=workers,
        loss=counted.loss,
        gradient_norm=counted.gradient_norm,
        rows_per_s=rows_per_s,
        tokens_per_s=rows_per_s * work.tokens,
        mfu=rows_per_s * (work.flops or 0.0) / (workers * (work.peak_flops or 1.0)) if knows else None,
        memory_bytes=counted.memory_bytes,
        waited=min(1.0, counted.by_phase.get("data", 0.0) / seconds),
        stalled=min(1.0, counted.by_phase.get("checkpoint", 0.0) / seconds),
        by_phase=dict(counted.by_phase),
    )
