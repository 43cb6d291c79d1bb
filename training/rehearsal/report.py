"""From what was played and what the trainer wrote to how a rehearsal went. Pure.

A step is lost when it was taken and had to be taken again, from a checkpoint before it. The step in hand when a worker
is killed was not taken yet; what it costs is in the seconds until the next.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from training.journal import Step
from training.rehearsal.curve import Curve, compare
from training.rehearsal.played import Move, Played
from training.rehearsal.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What it cost that some workers went at once. left: how many stayed.

    again_s: until a step was taken without the lost ones, counted from the next arrival where nobody stayed; None when
    the run ended before. lost_steps: were taken again; lost_s: how long they had taken.
    """

    lost: int
    left: int
    again_s: float | None
    lost_steps: int
    lost_s: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a rehearsal went. finished: the run made its release; why: in words where it did not.

    turns: changes in one pass through the trace, of which `played` were played. seconds, undisturbed_s: what both runs
    took. nobody_s: without a worker. recovering_s: from each loss to the next step, with workers there. resumes: starts
    from a checkpoint. unasked: workers that went without being told to. interval_s: the longest from a
    checkpoint, or a start, to the next. given_up: the most checkpoints that were begun after the one a start was from:
    the one in hand at a kill is not finished.
    """

    finished: bool
    why: str
    workers: int
    notice_s: float
    steps: int
    turns: int
    played: int
    seconds: float
    undisturbed_s: float
    nobody_s: float
    checkpoints: int
    interval_s: float
    given_up: int
    resumes: int
    unasked: int
    losses: tuple[Loss, ...]
    curve: Curve

    @property
    def went_well(self) -> bool:
        return self.finished and self.curve.is_undisturbed

    @property
    def lost_steps(self) -> int:
        return sum(loss.lost_steps for loss in self.losses)

    @property
    def lost_workers(self) -> int:
        return sum(loss.lost for loss in self.losses)

    @property
    def recovering_s(self) -> float:
        return sum(loss.again_s or 0.0 for loss in self.losses)

    def again_s(self, *, survivors: bool) -> list[float]:
        """Seconds until the next step, after the losses with survivors or those without."""
        return [loss.again_s for loss in self.losses if loss.again_s is not None and bool(loss.left) == survivors]


def report(played: Played, undisturbed: Played, *, plan: Schedule, notice_s: float) -> Report:
    """plan: what was played."""
    why = why_unfinished(played)
    return Report(
        finished=not why,
        why=why,
        workers=plan.workers,
        notice_s=notice_s,
        steps=max((step.step for step in played.steps), default=0),
        turns=plan.turns,
        played=len(played.moves) - 1,
        seconds=played.seconds,
        undisturbed_s=undisturbed.seconds,
        nobody_s=_nobody_s(played),
        checkpoints=_count(played, "checkpoint"),
        interval_s=_interval_s(played),
        given_up=_given_up(played),
        resumes=_count(played, "resumed"),
        unasked=played.unasked,
        losses=tuple(_losses(played.moves, played.steps)),
        curve=compare(undisturbed.steps, played.steps, killed_at=[] if notice_s else _losses_at(played.moves)),
    )


def why_unfinished(played: Played) -> str:
    """In words; empty when the run made its release."""
    if played.outcome is not None and played.outcome.result is not None:
        return ""
    if played.outcome is not None and played.outcome.state == "failed":
        return played.outcome.message
    if played.unasked:
        return f"it was given up: it took no new step, and {played.unasked} workers ended without being told to"
    return "it was given up: it took no new step for too long, perhaps for want of time between losses for a checkpoint"


def _losses(moves: Sequence[Move], steps: Sequence[Step]) -> Iterator[Loss]:
    retaken = _retaken(moves, steps)
    for number, move in enumerate(moves):
        if move.lost:
            lost = retaken.get(number, [])
            yield Loss(
                lost=move.lost,
                left=move.after,
                again_s=_again_s(moves[number:], steps),
                lost_steps=len(lost),
                lost_s=sum(lost),
            )


def _retaken(moves: Sequence[Move], steps: Sequence[Step]) -> dict[int, list[float]]:
    """How long each step took that was taken again, by the last loss before it was; those that follow a move took 0."""
    moved = [move.at for move in moves]
    retaken: dict[int, list[float]] = {}
    line: list[tuple[int, float]] = []
    before = 0.0
    for step in steps:
        while line and line[-1][0] >= step.step:
            _, took_s = line.pop()
            last = max((n for n, move in enumerate(moves) if move.lost and move.at <= step.at), default=-1)
            retaken.setdefault(last, []).append(took_s)
        undisturbed = bisect_right(moved, before) == bisect_right(moved, step.at)
        line.append((step.step, step.at - before if undisturbed else 0.0))
        before = step.at
    return retaken


def _again_s(moves: Sequence[Move], steps: Sequence[Step]) -> float | None:
    """From the first of these moves, a loss, to a step by no more workers than there were.

    Up to the next time that nobody was left, where no step came before: it would have taken at least so long.
    """
    loss, *later = moves
    start = loss.at if loss.after else next((move.at for move in later if move.after), None)
    if start is None:
        return None
    ends = [step.at for step in steps if step.at > start and step.workers <= _level(moves, step.at)]
    ends += [move.at for move in later if move.at > start and not move.after]
    return min(ends) - start if ends else None


def _level(moves: Sequence[Move], at: float) -> int:
    return moves[bisect_right(moves, at, key=lambda move: move.at) - 1].after


def _losses_at(moves: Iterable[Move]) -> list[float]:
    return [move.at for move in moves if move.lost]


def _nobody_s(played: Played) -> float:
    levels = [(played.began, 0), *((move.at, move.after) for move in played.moves), (played.ended, 0)]
    return sum(until - since for (since, level), (until, _) in pairwise(levels) if not level)


def _interval_s(played: Played) -> float:
    marks = [event for event in played.events if event.event in ("started", "resumed", "checkpoint")]
    return max((mark.at - since.at for since, mark in pairwise(marks) if mark.event == "checkpoint"), default=0.0)


def _given_up(played: Played) -> int:
    most, begun = 0, list[int]()
    for event in played.events:
        if event.event == "checkpoint":
            begun.append(event.step)
        elif event.event == "resumed":
            most, begun = max(most, sum(step > event.step for step in begun)), []
    return most


def _count(played: Played, kind: str) -> int:
    return sum(event.event == kind for event in played.events)
