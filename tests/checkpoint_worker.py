"""The processes of tests/unit/test_training_reshard.py: train, are killed, and go on in other numbers and meshes.

    python -m tests.checkpoint_worker FOLDER

This process imports torch once and forks all workers. Each case has a folder with the journal of its run, whose losses
are compared, and the figures that it was judged by. A case that others go on from is killed after a random turn.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
import torch.distributed as dist

from tests.tiny_task import Tiny
from training.checkpoint import Checkpoints, Keep
from training.checkpoint.storage import Folder
from training.config import MeshSettings, ParallelSettings, Recipe
from training.data import plan_batches
from training.journal import JOURNAL, Journal
from training.learner import Learner
from training.loop import Loop
from training.mesh import arranged
from training.preempt import Preemption
from training.progress import Progress
from training.task import Dataset, Task
from training.tasks.lm import LanguageModel
from training.tasks.lm.shape import Shape

STEPS, EVERY = 9, 2
FIGURES = "figures.json"
_SLICES = 4
_DEADLINE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """size: processes. after: the case that it goes on from, where that one was killed; else it begins. is_broken:
    what the last process wrote of the newest checkpoint is damaged before."""

    task: str
    size: int
    mesh: dict[str, int] = field(default_factory=dict)
    parallel: dict[str, int] = field(default_factory=dict)
    after: str = ""
    is_broken: bool = False


_PIPED = {"microbatches": 4}
CASES = {
    "tiny": Case(task="tiny", size=2),
    "tiny, killed": Case(task="tiny", size=2),
    "tiny on the same 2": Case(task="tiny", size=2, after="tiny, killed"),
    "tiny alone": Case(task="tiny", size=1, after="tiny, killed"),
    "tiny on 3": Case(task="tiny", size=3, after="tiny, killed"),
    "tiny on 4": Case(task="tiny", size=4, after="tiny, killed"),
    "lm": Case(task="lm", size=2, mesh={"shard": 2}),
    "lm, killed": Case(task="lm", size=2, mesh={"shard": 2}),
    "lm on the same 2 shards": Case(task="lm", size=2, mesh={"shard": 2}, after="lm, killed"),
    "lm on the same 2 shards, one broken": Case(task="lm", size=2, mesh={"shard": 2}, after="lm", is_broken=True),
    "lm on 4 shards": Case(task="lm", size=4, mesh={"shard": 4}, after="lm, killed"),
    "lm on 2 cut layers": Case(task="lm", size=2, mesh={"tensor": 2}, after="lm, killed"),
    "lm, cut and sharded, killed": Case(task="lm", size=4, mesh={"tensor": 2, "shard": 2}),
    "lm from cut and sharded to replicas": Case(task="lm", size=2, after="lm, cut and sharded, killed"),
    "lm from cut and sharded to a pipeline": Case(
        task="lm", size=2, mesh={"pipeline": 2}, parallel=_PIPED, after="lm, cut and sharded, killed"
    ),
    "lm, in a pipeline, killed": Case(task="lm", size=4, mesh={"pipeline": 2, "shard": 2}, parallel=_PIPED),
    "lm from a pipeline to replicas of shards": Case(
        task="lm", size=4, mesh={"replicate": 2, "shard": 2}, after="lm, in a pipeline, killed"
    ),
    "lm from a pipeline to one whole": Case(task="lm", size=1, after="lm, in a pipeline, killed"),
    "seldom": Case(task="tiny", size=2, parallel={"local_steps": 4}),
    "seldom, killed": Case(task="tiny", size=2, parallel={"local_steps": 4}),
    "seldom on the same 2": Case(task="tiny", size=2, parallel={"local_steps": 4}, after="seldom, killed"),
}


def main(folder: Path) -> None:
    _task("lm").data(0)  # read once, and inherited
    warnings.filterwarnings("ignore", message="FSDP2-wrapped")
    for name, case in CASES.items():
        place = folder / name
        if case.after:
            shutil.copytree(folder / case.after, place)
        place.mkdir(exist_ok=True)
        if case.is_broken:
            _damage(place, rank=case.size - 1)
        turns = random.randrange(EVERY + 2, STEPS) if name.endswith("killed") else None
        _run(case, place, last_turn=turns)


def _damage(place: Path, *, rank: int) -> None:
    newest = max(place.glob("step-*"))
    part = next(newest.glob(f"{rank:05d}-*"))
    content = bytearray(part.read_bytes())
    content[0] ^= 1
    part.write_bytes(content)


def _run(case: Case, place: Path, *, last_turn: int | None) -> None:
    """Returns once all workers have ended. One is killed after its `last_turn`, and then the others."""
    meeting = place / f"meeting-{time.monotonic_ns()}"
    workers = {_forked(case, place, meeting, rank, last_turn) for rank in range(case.size)}
    deadline = time.monotonic() + _DEADLINE_S
    while workers:
        ended, status = os.waitpid(-1, os.WNOHANG)
        workers -= {ended}
        if status or time.monotonic() > deadline:
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
        if status and last_turn is None:
            sys.exit(f"{place.name}: a worker ended with {status}")
        if not ended:
            time.sleep(0.002)


class _Killed(Preemption):
    """Kills this process after so many turns, once there is a checkpoint to go on from."""

    def __init__(self, place: Path, turns: int | None) -> None:
        super().__init__()
        self._place, self._left = place, turns

    @property
    def requested(self) -> bool:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0 and any(self._place.glob("step-*/.metadata")):
                os.kill(os.getpid(), signal.SIGKILL)
        return False


def _forked(case: Case, place: Path, meeting: Path, rank: int, last_turn: int | None) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _work(case, place, meeting, rank, _Killed(place, last_turn if rank == case.size - 1 else None))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _work(case: Case, place: Path, meeting: Path, rank: int, preemption: Preemption) -> None:
    torch.set_num_threads(1)  # mends its pool after the fork, before its threads do so all at once, and fail
    if case.size > 1:
        dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=case.size)
    task = _task(case.task)
    recipe = task.recipe
    mesh = arranged(rank=rank, size=case.size, device=torch.device("cpu"), settings=MeshSettings(**case.mesh))
    parallel = ParallelSettings(clip=1.0, **case.parallel)  # pyright: ignore[reportArgumentType]
    data = task.data(0)
    loop = Loop(
        task=task,
        train=data.train,
        validation=data.validation,
        recipe=recipe,
        batches=plan_batches(rows=len(data.train), batch_size=recipe.batch_size, seed=0, workers=_SLICES),
        learner=Learner(task, recipe, seed=0, mesh=mesh, parallel=parallel),
        mesh=mesh,
        run="run",
        checkpoints=Checkpoints(Folder(place), keep=Keep(last=2), warn=print),
        checkpoint_every_s=1e9,
        checkpoint_every_steps=EVERY,
        preemption=preemption,
        progress=Progress(epochs=recipe.epochs, leads=mesh.leads),
        report=lambda epoch, figures: None,
        journal=Journal(place / JOURNAL, leads=mesh.leads),
    )
    loop.fit()
    if mesh.leads:
        (place / FIGURES).write_text(json.dumps(loop.history))
    if case.size > 1:
        dist.barrier()


def _task(name: str) -> Task:
    if name == "tiny":
        task = Tiny()
        task.recipe = Tiny.recipe.model_copy(update={"batch_size": 24, "epochs": STEPS // 3, "patience": STEPS})
        return task
    shape = Shape(layers=2, width=32, heads=4, kv_heads=4, hidden=64, context=16)
    return _Short(shape, recipe=Recipe(epochs=3, batch_size=16, learning_rate=0.01, average=0.9))


class _Short(LanguageModel):
    """Few rows, so that it has epochs."""

    def data(self, seed: int) -> Dataset:
        data = super().data(seed)
        few = slice(0, STEPS // self.recipe.epochs * self.recipe.batch_size)
        return replace(data, train=data.train.rows(few), validation=data.validation.rows(few))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
