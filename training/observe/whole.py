"""Everything that looks at one run, put together as its settings say."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

from slipway.errors import TrainingError
from training.config import ObserveSettings
from training.launch.protocol import JobSpec
from training.mesh import Mesh
from training.observe.beats import Beats, beats_store
from training.observe.figures import Figures, Work
from training.observe.gauges import Gauges, served
from training.observe.idle import busy_percent, idleness_ends, own_gpus
from training.observe.observer import Observer
from training.observe.profile import profiled
from training.observe.watchdog import end_process, watched
from training.outcome import Outcome, write_outcome
from training.progress import Progress
from training.speed import peak_flops
from training.task import Task

METRICS = "SLIPWAY_METRICS"
"""Set where Prometheus asks: the pod's own address and a port, as 10.0.0.7:29600 (infra/kubernetes/job.py)."""

_PROFILES = "profile"


@contextmanager
def observed(
    job: JobSpec, task: Task, mesh: Mesh, *, progress: Progress, report: Callable[[Figures], None]
) -> Iterator[Observer]:
    """Look at the run while the block runs. report: given the figures of every few steps, on each worker."""
    settings, local_rank = job.settings.observe, int(os.environ.get("LOCAL_RANK", "0"))
    gauges = Gauges()

    def tell(seen: Figures) -> None:
        progress.rate = seen.rate
        gauges.show(seen)
        report(seen)

    with ExitStack() as stack:
        folder = job.work_folder / _PROFILES if settings.profile else None
        rank = int(os.environ.get("RANK", local_rank))  # of all machines, which may share the folder
        after_step = stack.enter_context(profiled(folder, rank=rank, said=progress.say))
        observer = Observer(
            rank=mesh.rank,
            workers=mesh.size,
            every_steps=settings.every_steps,
            work=_work_of(task, mesh),
            tell=tell,
            after_step=after_step,
        )
        if at := metrics_at(settings):
            address, port = at
            if wrong := stack.enter_context(served(gauges, address=address, port=port + local_rank)):
                progress.say(wrong)
        end = partial(end_process, before=partial(_told, job))
        beats = Beats(beats_store(), of=os.environ.get("TORCHELASTIC_RUN_ID", "run"))
        stack.enter_context(watched(observer, hung_after_s=settings.hung_after_s, beats=beats, end=end))
        if mesh.device.type == "cuda":
            look = partial(busy_percent, own_gpus())
            stack.enter_context(idleness_ends(settings.idle_minutes, partial(_stop, job), look=look))
        yield observer


def metrics_at(settings: ObserveSettings, environment: Mapping[str, str] = os.environ) -> tuple[str, int] | None:
    """Address and port of the machine's first worker: as the run's settings say, else whoever started the process."""
    if settings.metrics_port:
        return settings.metrics_address, settings.metrics_port
    address, _, port = environment.get(METRICS, "").rpartition(":")
    return (address, int(port)) if port else None


def _work_of(task: Task, mesh: Mesh) -> Work:
    """A task may say of its rows how many tokens they have (tokens_per_row) and what a step costs (flops_per_row)."""
    return Work(
        tokens=getattr(task, "tokens_per_row", 0),
        flops=getattr(task, "flops_per_row", None),
        peak_flops=peak_flops(mesh.device),
    )


def _told(job: JobSpec, said: str) -> None:
    write_outcome(job.work_folder, Outcome(state="preempted", message=said))


def _stop(job: JobSpec, why: str) -> None:
    """No error to raise: whoever would catch it does nothing either."""
    hint = "look at what the last lines of its log wait for; training.observe.idle_minutes sets the limit"
    write_outcome(job.work_folder, Outcome(state="failed", message=f"training was stopped: {why}", hint=hint))
    os._exit(TrainingError.exit_code)
