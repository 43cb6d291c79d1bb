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
from training.launch.folder import alone_in
from training.launch.protocol import JobSpec
from training.rehearsal.played import Played
from training.rehearsal.report import Report, report, why_unfinished
from training.rehearsal.schedule import Schedule, steady
from training.rehearsal.stage import Stage
from training.rehearsal.written import Written

_CHECKPOINTS = 4
"""Between two changes: as time is compressed, so is the interval of checkpoints."""
_LEAST_EVERY_S, _LEAST_SPACING_S = 0.1, 0.5
_SHARE = 0.5
"""Of the steps' time undisturbed, for one pass: it is over before the training, even where fewer workers are faster, as
they are where steps are short."""

Show = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Both runs, and what is to be said of them."""

    report: Report
    disturbed: Played
    undisturbed: Played


def rehearse(
    settings: TrainSettings,
    plan: Schedule,
    *,
    seconds: float | None,
    notice_s: float,
    folder: Path,
    show: Show = lambda _: None,
    undisturbed: Played | None = None,
) -> Rehearsal:
    """Train as `settings` say, with as many workers as the plan has, undisturbed and then as it says. Blocks.

    seconds: of one pass through the trace, recoveries not counted; None is half of what all steps take undisturbed.
    notice_s: from being told to go to the kill; 0 kills without a word. folder: holds both runs, their journals and
    logs; what was there is deleted. show: given a line for each change. undisturbed: by `undisturbed_run` of the same
    settings and plan, if there is one. Whom a loss hits follows from the settings' seed.

    Raises TrainingError when survivors of this training could not go on, when it does not even end undisturbed, or when
    the folder cannot be used or another rehearsal uses it.
    """
    if not _watched(settings, plan.workers).is_elastic:
        raise TrainingError(
            "a model that is spread over its workers, or whose workers seldom meet, cannot be rehearsed: none goes on "
            "without the others",
            hint="leave mesh.shard, mesh.tensor, mesh.pipeline and parallel.local_steps at 1 for a rehearsal",
        )
    with alone_in(folder):  # before anything there is deleted
        if undisturbed is None:
            show("undisturbed first")
            undisturbed = undisturbed_run(settings, plan, folder=folder)
        show(f"{undisturbed.steps[-1].step} steps in {undisturbed.seconds:.0f} s undisturbed; now as the trace says")
        plan = plan.lasting(seconds or max(_SHARE * undisturbed.stepping_s, _LEAST_SPACING_S * len(plan.levels)))
        disturbed = _play(_compressed(settings, plan), plan, notice_s=notice_s, folder=folder / "disturbed", show=show)
    made = report(disturbed, undisturbed, plan=plan, notice_s=notice_s)
    return Rehearsal(report=made, disturbed=disturbed, undisturbed=undisturbed)


def undisturbed_run(settings: TrainSettings, plan: Schedule, *, folder: Path) -> Played:
    """The training with all workers of the plan from start to end. Blocks.

    Raises TrainingError when it does not end well, or took no step: nothing can be compared with it.
    """
    played = _play(settings, steady(plan.workers), notice_s=0, folder=folder / "undisturbed")
    if why := why_unfinished(played):
        hint = played.outcome.hint if played.outcome else ""
        raise TrainingError(
            f"the training does not end even undisturbed: {why}", hint=hint or f"all it said is in {folder}"
        )
    if not played.steps:
        raise TrainingError("the undisturbed training took no step", hint=f"all it said is in {folder}")
    return played


def _compressed(settings: TrainSettings, plan: Schedule) -> TrainSettings:
    every_s = min(settings.checkpoint.every_s, max(plan.spacing_s / _CHECKPOINTS, _LEAST_EVERY_S))
    return settings.model_copy(update={"checkpoint": settings.checkpoint.model_copy(update={"every_s": every_s})})


def _play(
    settings: TrainSettings, plan: Schedule, *, notice_s: float, folder: Path, show: Show = lambda _: None
) -> Played:
    """One run in a folder of its own, which is deleted first. Blocks; nothing runs on afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    job = JobSpec(
        settings=_watched(settings, plan.workers),
        store_url=(folder / "store").as_uri(),
        tracking_uri=None,
        work_folder=folder / "work",
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


def _watched(settings: TrainSettings, workers: int) -> TrainSettings:
    """With that many workers at the most, which may be fewer at any time, and a journal."""
    changed = {
        "workers": workers,
        "elastic": settings.elastic.model_copy(update={"min_workers": settings.elastic.min_workers or 1}),
        "observe": settings.observe.model_copy(update={"journal": True}),
    }
    return settings.model_copy(update=changed)
