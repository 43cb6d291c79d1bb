"""One of the processes that tests/unit/test_training_own_task.py starts: trains the documentation's task in each mesh.

    python -m tests.together tests.wide_worker SIZE FOLDER

One start for all meshes, for a start costs more than the steps. The first process writes `<FOLDER>/losses.json`.
"""

import json
import os
from pathlib import Path

import torch
import torch.distributed as dist

from docs.examples.wide_digits import WideDigits
from training.config import MeshSettings, ParallelSettings
from training.data import Feed, plan_batches
from training.learner import Learner
from training.mesh import Mesh, arranged

STEPS, SLICES = 5, 2
MESHES = ("replicate", "shard", "tensor", "pipeline")


def main(rank: int, size: int, folder: Path) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=size)
    here = torch.device("cpu")
    losses = {"alone": _losses(Mesh(rank=0, size=1, device=here))}
    for name in MESHES:
        settings = MeshSettings.model_validate({name: size})
        losses[name] = _losses(arranged(rank=rank, size=size, device=here, settings=settings))
    if rank == 0:
        (folder / "losses.json").write_text(json.dumps(losses))
    dist.barrier()
    os._exit(0)  # gloo takes long to take its groups down in order


def _losses(mesh: Mesh) -> list[float]:
    task = WideDigits()
    data = task.data(0)
    batches = plan_batches(rows=len(data.train), batch_size=task.recipe.batch_size, seed=0, workers=SLICES)
    feed = Feed(data.train, batches, mesh)
    parallel = ParallelSettings(clip=1.0, microbatches=SLICES if mesh.pipeline > 1 else 1)
    learner = Learner(task, task.recipe, seed=0, mesh=mesh, parallel=parallel)
    return [
        mesh.mean(learner.learn(feed.take(step), step=step, rate=0.001, slices=batches.slices)).item()
        for step in range(STEPS)
    ]
