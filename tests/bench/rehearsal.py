"""Published spot traces played to the real trainer, with and without notice, and what the losses cost.

    python -m tests.bench.rehearsal FOLDER [--only preemption] [--notice 2] [--without-notice | --with-notice]

FOLDER holds traces in any depth; those are played whose path holds what --only says. Each is played once, every change
of it, with a worker for each instance, while tests/bench/paced_task.py is trained. Its losses are compared with those
of the same training undisturbed. Takes some minutes a trace.

The bars: every run ends, with the undisturbed losses; with notice at most one step is taken again, and without at most
what one interval of checkpoints holds and what is taken while one is written; survivors step again within 10 s.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.placement.spot import read_trace
from training.config import TrainSettings
from training.rehearsal import Report, rehearse, schedule, undisturbed_run

_STEPS_ALONE, _STEPS_TOGETHER = 24, 16
"""For each change, of one worker and of several, whose steps take longer."""
_SHARE, _LEAST_SPACING_S = 0.5, 0.2
"""Of the steps' time undisturbed, for one pass: it is over before the training, even where fewer workers are faster.
Between two changes there is time for a checkpoint, else no run could get on."""
_STEPS_AN_EPOCH = 100
_AGAIN_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """One trace in one of both ways; the worst of each figure."""

    trace: str
    report: Report

    @property
    def lost_steps(self) -> int:
        return max((loss.lost_steps for loss in self.report.losses), default=0)

    @property
    def lost_s(self) -> float:
        return max((loss.lost_s for loss in self.report.losses), default=0.0)

    @property
    def again_s(self) -> float | None:
        return max(self.report.again_s(survivors=True), default=None)

    @property
    def arrived_s(self) -> float | None:
        return max(self.report.again_s(survivors=False), default=None)


def runs(folder: Path, *, only: str, ways: Sequence[float]) -> Iterator[Run]:
    """Every trace in each way, as they are done."""
    for file in sorted(file for file in folder.rglob("*.json") if only in str(file)):
        name = f"{file.parent.parent.name}/{file.stem}"
        plan = schedule(read_trace(file).nodes.tolist()).once()
        steps = plan.turns * (_STEPS_ALONE if plan.workers == 1 else _STEPS_TOGETHER)
        epochs = -(-steps // _STEPS_AN_EPOCH)
        settings = TrainSettings(task="tests.bench.paced_task:Paced", epochs=epochs, workers=plan.workers)
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as place:
            folder = Path(place)
            alone = undisturbed_run(settings, plan, folder=folder)
            for notice_s in ways:
                seconds = max(_SHARE * alone.stepping_s, _LEAST_SPACING_S * len(plan.levels))
                made = rehearse(settings, plan, seconds=seconds, notice_s=notice_s, folder=folder, undisturbed=alone)
                yield Run(trace=name, report=made.report)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="preemption", help="traces whose path holds this")
    parser.add_argument("--notice", type=float, default=2.0, help="seconds, of the runs with notice")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--with-notice", action="store_true", help="only these runs")
    which.add_argument("--without-notice", action="store_true", help="only these runs")
    asked = parser.parse_args(arguments)
    ways = [
        notice for notice, left_out in ((0.0, asked.with_notice), (asked.notice, asked.without_notice)) if not left_out
    ]
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} before; seconds and steps are the worst of each run", flush=True)
    print(_HEAD, flush=True)
    done: list[Run] = []
    for run in runs(asked.folder, only=asked.only, ways=ways):
        print(_row(run), flush=True)
        done.append(run)
    print(f"load {os.getloadavg()[0]:.1f} after\n")
    if not done:
        sys.exit(f"no trace in {asked.folder} whose path holds {asked.only!r}")
    for bar, met in _bars(done):
        print(f"{'met   ' if met else 'MISSED'}  {bar}")


_HEAD = (
    f"{'trace':28} {'notice':>6} {'changes':>9} {'lost':>5} {'end':>4} {'seconds':>8} {'nobody':>7} {'again':>6} "
    f"{'arrived':>8} {'steps':>6} {'taken again':>12} {'at once':>8} {'work':>7} {'interval':>9} {'curve':>7} "
    "unwritten"
)


def _row(run: Run) -> str:
    made = run.report
    return (
        f"{run.trace:28} {made.notice_s:5.0f}s {made.played:4}/{made.turns:<4} {made.lost_workers:5} "
        f"{'yes' if made.finished else 'NO':>4} {made.seconds:7.0f}s {made.nobody_s:6.0f}s {_seconds(run.again_s)} "
        f"{_seconds(run.arrived_s):>8} {made.steps:6} {made.lost_steps:12} {run.lost_steps:8} {run.lost_s:6.2f}s "
        f"{made.interval_s:8.2f}s {made.curve.difference:7.0e} {made.curve.unwritten:9}"
    )


def _seconds(worst: float | None) -> str:
    return "     -" if worst is None else f"{worst:5.2f}s"


def _bars(done: Sequence[Run]) -> Iterator[tuple[str, bool]]:
    warned = [run for run in done if run.report.notice_s]
    killed = [run for run in done if not run.report.notice_s]
    yield f"all {len(done)} runs end", all(run.report.finished for run in done)
    yield "every change of every trace is played", all(run.report.played >= run.report.turns for run in done)
    yield "every loss is the undisturbed one", all(run.report.curve.is_undisturbed for run in done)
    if warned:
        most = max(run.lost_steps for run in warned)
        yield f"with notice at most 1 step is taken again: {most}", most <= 1
    if killed:
        most = max(run.lost_s / max(run.report.interval_s, 1e-9) for run in killed)
        in_hand = max(run.report.given_up for run in killed)
        said = f"{most:.2f} intervals, {in_hand} checkpoint in hand given up"
        within = most <= 1 or (in_hand == 1 and most < 2)
        yield f"without, at most one interval of work, and what is done while it is written: {said}", within
    worst = max((run.again_s or 0.0 for run in done), default=0.0)
    yield f"survivors step again within {_AGAIN_S:g} s: {worst:.1f} s", worst <= _AGAIN_S


if __name__ == "__main__":
    sys.exit(main())
