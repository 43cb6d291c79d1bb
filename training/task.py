"""What a user implements to train, serve and judge a model of their own: the Task protocol, and how settings name one.

A task says what its data is, what its model is and how both are judged. It knows nothing of processes, devices,
checkpoints, releases or clouds. `training/tasks/digits.py` is a whole one in under 60 lines.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from slipway.errors import TrainingError
from slipway.signature import Signature
from training.config import Recipe

_DTYPES = {"FP32": torch.float32, "INT64": torch.int64}


@dataclass(frozen=True, kw_only=True)
class Split:
    """Rows in one order: `inputs` by the signature's names, each with the rows first, and their `targets`."""

    inputs: Mapping[str, Tensor]
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def is_read(self) -> bool:
        """Whether taking rows costs reading, so that it is worth doing ahead."""
        return False

    def rows(self, index: Tensor | slice) -> "Split":
        return Split(inputs={name: tensor[index] for name, tensor in self.inputs.items()}, targets=self.targets[index])

    def to(self, device: torch.device) -> "Split":
        inputs = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return Split(inputs=inputs, targets=self.targets.to(device))


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """train and validation come from one period; evaluation is later data, seen only when training has ended.

    digest: sha256 over the files or arrays that the splits came from.
    """

    train: Split
    validation: Split
    evaluation: Split
    digest: str


@runtime_checkable
class Task(Protocol):
    """A model with its data and its measure. A task may also have a `plan` (training/parallel/plan.py), which says how
    its model is spread over processes.

    name: the release's name. version: what the authors call this form of it. watch: the metric that decides which
    epoch is best, higher is better. recipe: how it is trained well, for the settings to override.
    """

    name: str
    version: str
    watch: str
    recipe: Recipe

    @property
    def signature(self) -> Signature:
        """What the model takes and gives."""
        ...

    def data(self, seed: int) -> Dataset:
        """The splits, the same for the same seed on every machine."""
        ...

    def model(self) -> nn.Module:
        """A fresh model; `forward` takes the signature's inputs by name and returns raw outputs (logits)."""
        ...

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch."""
        ...

    def answer(self, outputs: Tensor) -> Tensor:
        """What a caller is given for raw outputs, as the signature's first output; part of the served graph."""
        ...

    def metrics(self, answers: Tensor, targets: Tensor) -> dict[str, float]:
        """Figures over a whole split, `watch` among them."""
        ...


def find_task(reference: str) -> Task:
    """The task that settings name: one that ships (`employment`) or a user's own (`package.module:ClassName`).

    Raises TrainingError when there is no such module or class, or it is not a Task.
    """
    module, _, name = reference.partition(":") if ":" in reference else (f"training.tasks.{reference}", ":", "TASK")
    try:
        found = getattr(importlib.import_module(module), name)
        task = found() if isinstance(found, type) else found
    except (ImportError, AttributeError, TypeError) as error:
        raise TrainingError(
            f"task {reference!r} cannot be loaded: {error}",
            hint="name one that ships (employment, digits, lm) or package.module:ClassName on the Python path",
        ) from error
    if not isinstance(task, Task):
        raise TrainingError(f"task {reference!r} is not a Task: see training/task.py for what it must have")
    return task


def check_dataset(task: Task, data: Dataset) -> None:
    """Raises TrainingError when a split is not what the task's signature says, before an hour is spent on it."""
    expected = {tensor.name: (_DTYPES[tensor.dtype], tensor.shape[1:]) for tensor in task.signature.inputs}
    for name, split in (("train", data.train), ("validation", data.validation), ("evaluation", data.evaluation)):
        found = {key: (tensor.dtype, tuple(tensor.shape[1:])) for key, tensor in split.inputs.items()}
        if found != expected:
            raise TrainingError(f"task {task.name!r}: its signature wants the inputs {expected}, {name} has {found}")
        if not len(split) or any(len(tensor) != len(split) for tensor in split.inputs.values()):
            raise TrainingError(f"task {task.name!r}: {name} needs rows, and as many in each input as in the targets")
