"""One of the processes that tests/unit/test_training_parallel.py starts: trains a small decoder in every scheme.

    python -m tests.together tests.parallel_worker SIZE FOLDER

All schemes in one start, for a start costs more than a scheme. The first process writes `<FOLDER>/<scheme>.json`.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.distributed as dist

from training.config import MeshSettings, ParallelSettings, Recipe
from training.data import plan_batches
from training.learner import Learner
from training.mesh import Mesh, arranged
from training.task import Task
from training.tasks.employment import TASK as EMPLOYMENT
from training.tasks.lm import LanguageModel
from training.tasks.lm.shape import Shape

STEPS, ROWS, RATE = 20, 16, 0.01
JUDGED_AFTER = 5  # steps, with a moving average in the place of the weights
LOCAL_STEPS, MEETING_STEPS = 10, 200

_PIPED = {"microbatches": 4}
SCHEMES: dict[str, tuple[dict[str, int], Mapping[str, object]]] = {
    "DDP": ({}, {}),
    "FSDP2": ({"shard": 4}, {}),
    "HSDP": ({"replicate": 2, "shard": 2}, {}),
    "TP": ({"tensor": 4}, {}),
    "PP": ({"pipeline": 4}, _PIPED),
    "TP+FSDP": ({"tensor": 2, "shard": 2}, {}),
    "PP+DP": ({"pipeline": 2, "replicate": 2}, _PIPED),
    "PP interleaved": ({"pipeline": 2, "shard": 2}, {**_PIPED, "stages": 2}),
    "DDP accumulating": ({}, {"microbatches": 2}),
    "FSDP2 recomputing selectively": ({"shard": 4}, {"recompute": "selective"}),
    "FSDP2 accumulating, recomputing": ({"shard": 4}, {"microbatches": 2, "recompute": "full"}),
}


def main(rank: int, size: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=size)
    alone = Mesh(rank=0, size=1, device=torch.device("cpu"))
    for blocks in (1, 4):  # four where each process has a stage of its own
        if rank == 0:
            _write(folder, f"alone-{blocks}", _decoder(alone, blocks, {}))
    for name, (mesh, parallel) in SCHEMES.items():
        found = _decoder(_mesh(rank, size, MeshSettings(**mesh)), 4 if "PP" in name else 1, parallel)
        if rank == 0:
            _write(folder, name, found)
    for local_steps in (1, LOCAL_STEPS):
        found = _census(_mesh(rank, size, MeshSettings()), ParallelSettings(local_steps=local_steps))
        if rank == 0:
            _write(folder, f"meeting-{local_steps}", found)
    dist.barrier()
    os._exit(0)  # two dozen process groups take gloo half a minute to take down in order


def _mesh(rank: int, size: int, settings: MeshSettings) -> Mesh:
    return arranged(rank=rank, size=size, device=torch.device("cpu"), settings=settings)


def _decoder(mesh: Mesh, blocks: int, parallel: Mapping[str, object]) -> dict[str, object]:
    shape = Shape(layers=blocks, width=32, heads=4, kv_heads=4, hidden=64, context=16)
    task = LanguageModel(shape, recipe=Recipe(epochs=1, batch_size=ROWS, learning_rate=RATE, average=0.9))
    data = task.data(0)
    learner = Learner(task, task.recipe, seed=0, mesh=mesh, parallel=ParallelSettings(clip=1.0, **parallel))  # pyright: ignore[reportArgumentType]
    share, losses = ROWS // mesh.data_size, []
    for step in range(STEPS):
        start = step * ROWS + mesh.data_rank * share
        loss = learner.learn(data.train.rows(slice(start, start + share)), step=step, rate=RATE)
        losses.append(mesh.mean(loss).item())
        if step + 1 == JUDGED_AFTER:
            learner.answer(data.validation.rows(slice(0, 10)))
    answers = learner.answer(data.validation.rows(slice(0, 10)))  # not shared evenly by four
    found: dict[str, object] = {"losses": losses, "answers": answers.tolist()}
    if released := learner.released():
        with torch.inference_mode():
            found["released"] = task.answer(released.eval()(data.validation.inputs["tokens"][:10])).tolist()
    return found


def _census(mesh: Mesh, parallel: ParallelSettings) -> dict[str, object]:
    """The loss on held-back rows after steps of the census task's own recipe, and the bytes that one process gave."""
    task: Task = EMPLOYMENT
    data = task.data(0)
    batches = plan_batches(rows=len(data.train), batch_size=task.recipe.batch_size, seed=0, workers=mesh.data_size)
    learner = Learner(task, task.recipe, seed=0, mesh=mesh, parallel=parallel)
    for step in range(MEETING_STEPS):
        epoch, at = divmod(step, batches.per_epoch)
        share = batches.share(batches.order(epoch), at, rank=mesh.data_rank, size=mesh.data_size)
        rate = task.recipe.learning_rate * min(1, (step + 1) / 40, (MEETING_STEPS - step) / 60)
        learner.learn(data.train.rows(share), step=step, rate=rate)
    loss = task.metrics(learner.answer(data.validation), data.validation.targets)["log_loss"]
    gradients = sum(tensor.nbytes for tensor in learner.weights().values() if tensor.is_floating_point())
    return {"loss": loss, "bytes": learner.exchanged or gradients * MEETING_STEPS}


def _write(folder: Path, name: str, found: dict[str, object]) -> None:
    (folder / f"{name}.json").write_text(json.dumps(found))
