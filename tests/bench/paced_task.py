"""A task whose slices take their time without work: a sleep stands in for the accelerator, so that several workers run
on few cores, fewer workers are slower as they would be, and nearly all time is spent in steps."""

import time

import torch
from torch import Tensor

from tests.tiny_task import Tiny
from training.task import Dataset, Split

_SLICE_S = 0.004


class Paced(Tiny):
    """A hundred steps an epoch."""

    recipe = Tiny.recipe.model_copy(update={"learning_rate": 0.01, "patience": 100_000})

    def data(self, seed: int) -> Dataset:
        train, validation, evaluation = (_rows(count, seed) for count in (1600, 40, 30))
        return Dataset(train=train, validation=validation, evaluation=evaluation, digest=f"paced-{seed}")

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        time.sleep(_SLICE_S)
        return super().loss(outputs, targets)


def _rows(count: int, seed: int) -> Split:
    numbers = torch.randn(count, 2, generator=torch.Generator().manual_seed(seed + count))
    noise = torch.randn(count, generator=torch.Generator().manual_seed(seed + count + 1))
    return Split(inputs={"numbers": numbers}, targets=(numbers.sum(1) + noise > 0).long())
