"""Workers of an elastic run killed at random, one after another, beside a run that nobody disturbed.

    python -m tests.bench.kills [--kills 100] [--workers 4] [--seed 0]

Each kill is a SIGKILL, up to a second after the one before, of any worker, whatever it is doing: stepping, meeting the
others, loading. Another takes its place at once. The task is small, so that steps are short and most of the time is
spent in exchanges. A step is lost when it had been taken and must be taken again.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from training.config import CheckpointSettings, ElasticSettings, ObserveSettings, TrainSettings
from training.journal import JOURNAL, Event, Step, read_journal
from training.launch import JobSpec
from training.launch.elastic import ElasticWorkers
from training.launch.folder import LOG
from training.rehearsal.curve import compare

TASK = "tests.tiny_task:Slow"
STEPS_PER_EPOCH = 5  # of that task, with its own batch size
SLACK_STEPS = 100
PATIENCE_S, RUN_S = 60.0, 600.0
MOST_S, MOST_LOST, MOST_APART = 10.0, 1, 1e-5
"""The bars: to the next step after a kill, steps lost by one, and how far losses may be from the undisturbed run's."""


@dataclass(frozen=True, kw_only=True)
class Endured:
    """lost: steps taken again, by kill. waited_s: from each kill to the next step that was taken after it. apart: the
    furthest that the loss of a step is from the undisturbed run's."""

    kills: int
    steps: int
    lost: Sequence[int]
    waited_s: Sequence[float]
    apart: float


def endure(
    folder: Path,
    *,
    kills: int,
    workers: int,
    epochs: int,
    chance: random.Random,
    task: str = TASK,
    pause_s: float = 1.0,
) -> Endured:
    """Both runs, in folders below `folder`. pause_s: the longest between two kills.

    Raises RuntimeError when the disturbed one comes to a halt.
    """
    settings = TrainSettings(
        task=task,
        workers=workers,
        epochs=epochs,
        patience=epochs,
        checkpoint=CheckpointSettings(every_s=5.0),
        elastic=ElasticSettings(min_workers=1),
        observe=ObserveSettings(journal=True),
    )
    _run(folder / "undisturbed", settings, kills=0, chance=chance, pause_s=pause_s)
    killed_at = _run(folder / "disturbed", settings, kills=kills, chance=chance, pause_s=pause_s)
    entries = list(read_journal(folder / "disturbed" / JOURNAL))
    curve = compare(steps_of(read_journal(folder / "undisturbed" / JOURNAL)), steps_of(entries), killed_at=killed_at)
    if curve.missing:
        raise RuntimeError(f"{curve.missing} of {curve.steps} steps were never taken")
    return Endured(
        kills=len(killed_at),
        steps=curve.steps,
        lost=lost_steps(entries, killed_at),
        waited_s=[_next_step(entries, at) - at for at in killed_at],
        apart=curve.difference,
    )


def steps_of(entries: Iterable[Step | Event]) -> list[Step]:
    return [entry for entry in entries if isinstance(entry, Step)]


def _run(folder: Path, settings: TrainSettings, *, kills: int, chance: random.Random, pause_s: float) -> list[float]:
    """Train to the end, without a release. Returns when workers were killed."""
    job = JobSpec(settings=settings, store_url=(folder / "store").as_uri(), tracking_uri=None, work_folder=folder)
    crew = ElasticWorkers(job)
    killed_at: list[float] = []
    try:
        for _ in range(settings.workers or 1):
            crew.start()
        _until_step_after(0.0, folder, crew)
        while len(killed_at) < kills and not _has_ended(folder):
            time.sleep(chance.uniform(0.0, pause_s))
            if _has_ended(folder):
                break
            killed_at.append(time.time())
            crew.kill(chance.choice(crew.living()))
            crew.start()
            if chance.random() < 0.8:  # else the next one comes while they may still be meeting
                _until_step_after(killed_at[-1], folder, crew)
        deadline = time.monotonic() + RUN_S
        while not _has_ended(folder):
            if time.monotonic() > deadline or not crew.living() or crew.outcome() is not None:
                raise RuntimeError(f"the run did not end as it should, {crew.ended()}: {_last_said(folder)}")
            crew.wait(timeout_s=0.2)
        return killed_at
    finally:
        crew.close()


def _until_step_after(at: float, folder: Path, crew: ElasticWorkers) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while _next_step(list(read_journal(folder / JOURNAL)), at) == float("inf") and not _has_ended(folder):
        if time.monotonic() > deadline or not crew.living():
            raise RuntimeError(f"no step after a kill, {len(crew.living())} live: {_last_said(folder)}")
        time.sleep(0.02)


def _has_ended(folder: Path) -> bool:
    return any(isinstance(entry, Event) and entry.event == "ended" for entry in read_journal(folder / JOURNAL))


def _last_said(folder: Path) -> str:
    return (folder / LOG).read_text()[-2000:]


def _next_step(entries: Sequence[Step | Event], at: float) -> float:
    """When the first step was taken after those of then had met again; one that was all but done does not count."""
    met = next((entry.at for entry in entries if isinstance(entry, Event) and entry.at >= at), at)
    return next((entry.at for entry in entries if isinstance(entry, Step) and entry.at > met), float("inf"))


def lost_steps(entries: Sequence[Step | Event], killed_at: Sequence[float]) -> list[int]:
    """How many steps had to be taken again after each kill."""
    lost = [0] * len(killed_at)
    for before, after in pairwise(steps_of(entries)):
        if after.step <= before.step:
            cause = sum(at <= after.at for at in killed_at) - 1
            lost[cause] += before.step - after.step + 1
    return lost


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.kills", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps-per-kill", type=int, default=30, help="so that the run outlasts the kills")
    asked = parser.parse_args(argv)
    epochs = (asked.kills * asked.steps_per_kill + SLACK_STEPS) // STEPS_PER_EPOCH
    with tempfile.TemporaryDirectory() as folder:
        chance = random.Random(asked.seed)
        found = endure(Path(folder), kills=asked.kills, workers=asked.workers, epochs=epochs, chance=chance)
    waits = sorted(found.waited_s)
    print(f"{found.kills} kills of {asked.workers} workers within {found.steps} steps, all survived")
    _say("steps lost by one kill", f"{max(found.lost)} (all together {sum(found.lost)})", max(found.lost) <= MOST_LOST)
    _say("to the next step", f"{waits[-1]:.2f} s at worst, {waits[len(waits) // 2]:.2f} s mostly", waits[-1] < MOST_S)
    _say("loss of a step, from undisturbed", f"{found.apart:.1e} at most", found.apart <= MOST_APART)
    return 0


def _say(what: str, figure: str, is_met: bool) -> None:
    print(f"{what:<34}{figure:<40}{'met' if is_met else 'MISSED'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
