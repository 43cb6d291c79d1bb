"""One of the processes that tests/unit/test_training_slices.py starts: takes twenty steps of the tiny task on the first
one of them, then two, and so on.

    python -m tests.together tests.slices_worker SIZE FOLDER

One start for all sizes, for a start costs more than the steps. The first process writes `<FOLDER>/losses.json`.
"""

import json
from pathlib import Path

import torch
import torch.distributed as dist

from tests.tiny_task import Tiny
from training.data import Feed, plan_batches
from training.learner import Learner
from training.mesh import Mesh

STEPS, SLICES = 20, 4


def main(rank: int, size: int, folder: Path) -> None:
    losses: dict[int, list[float]] = {}
    for workers in range(1, size + 1):
        if rank >= workers:
            continue
        if workers > 1:
            meeting = f"file://{folder}/meeting-{workers}"
            dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=workers)
        losses[workers] = _losses(Mesh(rank=rank, size=workers, device=torch.device("cpu")))
        if workers > 1:
            dist.destroy_process_group()
    if rank == 0:
        (folder / "losses.json").write_text(json.dumps(losses))


def _losses(mesh: Mesh) -> list[float]:
    task = Tiny()
    train = task.data(0).train
    batches = plan_batches(rows=len(train), batch_size=task.recipe.batch_size, seed=0, workers=SLICES)
    learner, feed = Learner(task, task.recipe, seed=0, mesh=mesh), Feed(train, batches, mesh)
    return [learner.learn(feed.take(step), step=step, rate=0.05, slices=SLICES).item() for step in range(STEPS)]
