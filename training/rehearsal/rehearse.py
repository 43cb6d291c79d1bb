"""A rehearsal from its settings to its report: the training undisturbed, then the same one as the trace says."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from slipway.errors import TrainingError
from training.config import TrainSettings
from training.journal import JOURNAL
from training.launch.elastic import ElasticWorkers
from training.launch.protocol import JobSpec
from training.rehearsal.played import Played
from training.rehearsal.report import Report, report
from training.rehearsal.schedule import Schedule, steady
from training.rehearsal.stage import Stage
from training.rehearsal.written import Written

_CHECKPOINTS = 4
"""Between two changes: as time is compressed, so is the interval of checkpoints."""
_LEAST_S = 0.1

Show = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Both runs, and what is to be said of them."""

    report: Report
    disturbed: Played
    undisturbed: Played


def rehearse(
    settings: TrainSettings, plan: Schedule, *, notice_s: float, folder: Path, show: Show = lambda _: None
) -> Rehearsal:
    """Train as `settings` say, with as many workers as the plan has, undisturbed and then as it says. Blocks.

    notice_s: from being told to go to the kill; 0 kills without a word. folder: emptied first, then holds both runs,
    their journals and logs. show: given a line for each change. Whom a loss hits follows from the settings' seed.

    Raises TrainingError when the training does not even end undisturbed, or the folder cannot be used.
    """
    settings = rehearsed(settings, plan)
    show("undisturbed first")
    undisturbed = play(settings, steady(plan.workers), notice_s=0, folder=folder / "undisturbed")
    check_undisturbed(undisturbed, folder)
    show(f"{undisturbed.steps[-1].step} steps in {undisturbed.seconds:.0f} s; now as the trace says")
    played = play(settings, plan, notice_s=notice_s, folder=folder / "disturbed", show=show)
    made = report(played, undisturbed, plan=plan, notice_s=notice_s)
    return Rehearsal(report=made, disturbed=played, undisturbed=undisturbed)


def rehearsed(settings: TrainSettings, plan: Schedule) -> TrainSettings:
    """With the workers of the plan, which may be fewer at any time, and a journal; checkpoints are as compressed as
    time. Raises ValueError when these workers cannot share the settings' batch or do not stand in their mesh."""
    every_s = min(settings.checkpoint.every_s, max(plan.spacing_s / _CHECKPOINTS, _LEAST_S))
    changed = {
        "workers": plan.workers,
        "elastic": settings.elastic.model_dump() | {"min_workers": settings.elastic.min_workers or 1},
        "checkpoint": settings.checkpoint.model_dump() | {"every_s": every_s},
        "observe": settings.observe.model_dump() | {"journal": True},
    }
    return TrainSettings.model_validate(settings.model_dump() | changed)


def play(
    settings: TrainSettings, plan: Schedule, *, notice_s: float, folder: Path, show: Show = lambda _: None
) -> Played:
    """One run in a folder of its own, which is emptied first. settings: as `rehearsed` returns them. Blocks; nothing
    runs on afterwards. Raises TrainingError when the folder cannot be used."""
    shutil.rmtree(folder, ignore_errors=True)
    job = JobSpec(
        settings=settings, store_url=(folder / "store").as_uri(), tracking_uri=None, work_folder=folder / "work"
    )
    workers = ElasticWorkers(job)
    try:
        stage = Stage(
            workers=workers,
            written=Written(job.work_folder / JOURNAL),
            notice_s=notice_s,
            dice=Random(settings.seed),  # noqa: S311 - no secret
            show=show,
        )
        return stage.play(plan.changes())
    finally:
        workers.close()


def check_undisturbed(played: Played, folder: Path) -> None:
    """Raises TrainingError when the run did not end well, or took no step: nothing can be compared with it."""
    outcome = played.outcome
    if outcome is None or outcome.result is None:
        said = outcome.message if outcome else "it took no step for too long"
        raise TrainingError(
            f"the training does not end even undisturbed: {said}",
            hint=(outcome.hint if outcome else "") or f"all it said is in {folder}",
        )
    if not played.steps:
        raise TrainingError("the undisturbed training took no step", hint=f"all it said is in {folder}")
