"""What a run leaves behind for the report: what was done to its workers, and what it wrote meanwhile."""

from dataclasses import dataclass

from training.journal import Event, Step
from training.outcome import Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A change that was played. at: unix seconds. before, after: workers there were to be."""

    at: float
    before: int
    after: int

    @property
    def lost(self) -> int:
        return max(0, self.before - self.after)


@dataclass(frozen=True, kw_only=True)
class Played:
    """One run, from its first worker to its end. began, ended: unix seconds.

    unasked: workers that went without being told to. outcome: None when it was given up.
    """

    began: float
    ended: float
    moves: tuple[Move, ...]
    steps: tuple[Step, ...]
    events: tuple[Event, ...]
    unasked: int
    outcome: Outcome | None

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def stepping_s(self) -> float:
        """From the first step to the last: without the start, and without the making of the release."""
        return self.steps[-1].at - self.steps[0].at if self.steps else 0.0
