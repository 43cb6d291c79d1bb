"""One run from its job to its release: what each process does, in order."""

import hashlib
import os
import shutil
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgspec
import torch

from slipway.errors import TrainingError
from slipway.release import Hardware, describe_machine
from slipway.store import open_store
from training import export
from training.checkpoint import Checkpoints, Keep
from training.checkpoint.lease import held
from training.checkpoint.storage import storage
from training.config import Recipe
from training.data import plan_batches
from training.elastic.crew import Crew
from training.elastic.loop import ElasticLoop
from training.elastic.membership import Membership, RunIsOver
from training.elastic.store import meeting_store
from training.journal import JOURNAL, Journal
from training.launch.protocol import JobSpec
from training.learner import Learner
from training.loop import Loop
from training.lost import tells_of_a_lost_worker
from training.mesh import Mesh, joined
from training.metrics import Tracker
from training.observe import Observer
from training.observe.whole import observed
from training.outcome import Outcome, TrainingResult, write_outcome
from training.precision import use_precision
from training.preempt import EXIT_PREEMPTED, Orphaned, Preemption
from training.progress import Progress
from training.task import Dataset, Task, check_dataset, find_task

_RUNS = "runs"
_TRACKED = "mlflow-run"


def run(job: JobSpec, preemption: Preemption) -> TrainingResult | None:
    """Train, judge on later data, export and publish. The leading process returns the result, the others None.

    Raises TrainingError; Preempted when a checkpoint was written because a process was asked to stop; Orphaned when
    another process has died.
    """
    started = time.monotonic()
    # a user's model may need what has no such form
    torch.use_deterministic_algorithms(job.settings.parallel.deterministic, warn_only=True)
    open_store(job.store_url)  # a URL that names no store is better refused now than after the training
    task = find_task(job.settings.task)
    recipe = job.settings.over(task.recipe)
    is_elastic = _is_elastic(job)
    with joined(None if is_elastic else job.settings.mesh) as mesh, ExitStack() as ends:
        data = task.data(job.settings.seed)
        check_dataset(task, data)
        folder = job.work_folder / _RUNS / fingerprint(job, recipe, task, data.digest)
        progress = Progress(epochs=recipe.epochs, leads=mesh.leads and not is_elastic)
        leads_alone = mesh.leads and not is_elastic
        lease = ends.enter_context(
            held(
                folder,
                job.settings.checkpoint.url,
                leads=leads_alone,
                meet=partial(mesh.agree, 0),
                lost=partial(_end, job),
                say=progress.say,
            )
        )
        with _tracker(job, task, recipe, mesh, folder, progress) as tracker:
            with observed(job, task, mesh, progress=progress, report=tracker.steps) as observer:
                loop = _loop(job, task, data, recipe, mesh, folder, tracker, progress, preemption, observer)
                try:
                    loop.fit()
                except RunIsOver:
                    return None
                except RuntimeError as error:
                    # before the first step it may be that they cannot meet at all, and would be started without end
                    if is_elastic or not observer.step or not tells_of_a_lost_worker(error):
                        raise
                    said = str(error).split("\n")[0]
                    if mesh.device.type == "cuda":  # at once: NCCL's watchdog would abort, which counts as a failure
                        print(f"another worker is gone: {said}", file=sys.stderr, flush=True)
                        os._exit(EXIT_PREEMPTED)
                    raise Orphaned(said) from error
            if isinstance(loop, ElasticLoop) and not loop.is_last():
                return None
            answers = loop.learner.answer(data.evaluation.to(mesh.device))
            model = loop.learner.released()
            if model is None:
                return None
            progress.say("exporting the model and proving that its graph answers alike")
            made = export.release(
                task,
                model,
                evaluation=data.evaluation,
                metrics=task.metrics(answers, data.evaluation.targets),
                data_digest=data.digest,
                git_commit=job.git_commit,
                hardware=_hardware(mesh, _most(job) if is_elastic else mesh.size),
                store_url=job.store_url,
            )
            tracker.register(made, f"{job.store_url.rstrip('/')}/releases/{made.name}/{made.digest}")
        if isinstance(loop, ElasticLoop):
            loop.crew.end()  # before the checkpoints go: a newcomer would begin anew
        if lease is None or lease.is_kept():
            loop.checkpoints.clear()
        shutil.rmtree(folder, ignore_errors=True)
    return TrainingResult(
        name=made.name,
        digest=made.digest,
        metrics=made.metrics,
        epochs=len(loop.history),
        best_epoch=loop.watch.epoch,
        seconds=time.monotonic() - started,
    )


def fingerprint(job: JobSpec, recipe: Recipe, task: Task, data_digest: str) -> str:
    """What a checkpoint belongs to: all that the weights depend on, but not how many workers compute them."""
    parallel = job.settings.parallel
    parts = (
        job.settings.task,
        task.version,
        recipe.model_dump(),
        job.settings.seed,
        job.settings.precision,
        data_digest,
        parallel.model_dump(include={"clip", "local_steps", "outer_rate", "outer_momentum"}),
    )
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:16]


def _loop(
    job: JobSpec,
    task: Task,
    data: Dataset,
    recipe: Recipe,
    mesh: Mesh,
    folder: Path,
    tracker: Tracker,
    progress: Progress,
    preemption: Preemption,
    observer: Observer,
) -> Loop:
    settings = job.settings
    precision = use_precision(settings.precision, mesh.device)
    sharers = (_most(job) if _is_elastic(job) else mesh.data_size) * settings.parallel.microbatches
    journal = Journal(job.work_folder / JOURNAL if settings.observe.journal else None, leads=mesh.leads)

    def met(mesh: Mesh) -> None:
        progress.leads = journal.leads = mesh.leads
        observer.rank, observer.workers = mesh.rank, mesh.size
        if mesh.leads:
            tracker.lead()

    make = partial(ElasticLoop, crew=_crew(job, mesh, preemption), met=met) if _is_elastic(job) else Loop
    return make(
        task=task,
        train=data.train.to(mesh.device),
        validation=data.validation.to(mesh.device),
        recipe=recipe,
        batches=plan_batches(rows=len(data.train), batch_size=recipe.batch_size, seed=settings.seed, workers=sharers),
        learner=Learner(
            task,
            recipe,
            seed=settings.seed,
            bf16=precision.bf16,
            fp8=precision.fp8,
            mesh=mesh,
            parallel=settings.parallel,
        ),
        mesh=mesh,
        run=folder.name,
        checkpoints=Checkpoints(
            storage(folder, settings.checkpoint.url),
            keep=Keep(
                last=settings.checkpoint.keep_last,
                best=settings.checkpoint.keep_best,
                every=settings.checkpoint.keep_every,
            ),
            device=mesh.device,
            warn=progress.say,
        ),
        checkpoint_every_s=settings.checkpoint.every_s,
        checkpoint_every_steps=settings.checkpoint.every_steps,
        preemption=preemption,
        progress=progress,
        report=tracker.figures,
        journal=journal,
        observer=observer,
    )


def _crew(job: JobSpec, mesh: Mesh, preemption: Preemption) -> Crew:
    membership = Membership(
        meeting_store(),
        fewest=job.settings.elastic.min_workers or 1,
        most=_most(job),
        is_noticed=lambda: preemption.requested,
    )
    return Crew(membership, mesh.device)


def _end(job: JobSpec, by: str) -> None:
    """Nothing more is written where another job writes now; told by a thread, and no error could reach the loop."""
    said = f"{by} has taken over the checkpoints, since this one did not answer"
    write_outcome(job.work_folder, Outcome(state="failed", message=said, hint="look at how that job goes on"))
    print(said, file=sys.stderr, flush=True)
    os._exit(TrainingError.exit_code)


def _is_elastic(job: JobSpec) -> bool:
    """Whether this worker meets the others by itself; where torchrun started it, it has them already."""
    return job.settings.is_elastic and "WORLD_SIZE" not in os.environ


def _most(job: JobSpec) -> int:
    """The workers of an elastic run when all are there: as many as the launcher counts, unless the settings say."""
    return job.settings.workers or int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def _tracker(job: JobSpec, task: Task, recipe: Recipe, mesh: Mesh, folder: Path, progress: Progress) -> Tracker:
    """Only the leading process reports; of an elastic run, once it is known who leads."""
    is_elastic = _is_elastic(job)
    workers = _most(job) if is_elastic else mesh.size
    return Tracker(
        job.tracking_uri if mesh.leads else None,
        experiment=task.name,
        artifacts=f"{job.store_url.rstrip('/')}/mlflow/artifacts",
        params={**recipe.model_dump(), **job.settings.model_dump(include={"seed", "precision"}), "workers": workers},
        run_file=folder / _TRACKED,
        warn=progress.say,
        leads=not is_elastic,
    )


def _hardware(mesh: Mesh, workers: int) -> Hardware:
    on_gpu = mesh.device.type == "cuda"
    accelerator = torch.cuda.get_device_name(mesh.device) if on_gpu else "cpu"
    return Hardware(machine=describe_machine(), accelerator=accelerator, world_size=workers)
