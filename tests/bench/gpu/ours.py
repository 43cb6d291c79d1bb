"""The trainer's own learner on the same batch, and what it learns in fp8 beside bf16."""

import sysconfig
from pathlib import Path

import torch
from torch import Tensor

from tests.bench.gpu.rivals import Batch, timed
from training.config import ParallelSettings
from training.learner import Learner
from training.mesh import Mesh
from training.schedule import learning_rate
from training.task import Split
from training.tasks.lm import LanguageModel
from training.tasks.lm.shape import Shape
from training.tokens import encode, sequences

_RATE = 3e-4
_TEXT_BYTES = 8_000_000


def ours(shape: Shape, batch: Batch, *, fp8: bool = False) -> float:
    """Mean seconds of a step."""
    learner = _learner(shape, fp8=fp8)
    rows = Split(inputs={"tokens": batch[0]}, targets=batch[1])
    return timed(lambda: learner.learn(rows, step=0, rate=_RATE))


def losses(shape: Shape, *, steps: int, rows: int, fp8: bool, seed: int = 0) -> Tensor:
    """Of each step, on the sources of Python's standard library as bytes. seed: of the weights; rows are the same."""
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    tokens = encode([file.read_text(errors="ignore") for file in files])[:_TEXT_BYTES]
    data = sequences(tokens, context=shape.context, device=torch.device("cuda"))
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0)).repeat(-(-steps * rows // len(data)))
    learner, seen = _learner(shape, fp8=fp8, seed=seed), []
    for step in range(steps):
        batch = data.rows(order[step * rows : (step + 1) * rows])
        seen.append(learner.learn(batch, step=step, rate=learning_rate(step, steps=steps, peak=_RATE, warm_up=0.1)))
    return torch.stack(seen).cpu()


def _learner(shape: Shape, *, fp8: bool, seed: int = 0) -> Learner:
    task = LanguageModel(shape)
    recipe = task.recipe.model_copy(update={"weight_decay": 0.1})
    here = Mesh(rank=0, size=1, device=torch.device("cuda"))
    settings = ParallelSettings(compile=True, deterministic=False)
    return Learner(task, recipe, seed=seed, mesh=here, bf16=True, fp8=fp8, parallel=settings)
