"""A task small enough to train in a blink: is the sum of two numbers above zero? Dropout, so that randomness shows."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from slipway.signature import Number, tabular
from training.config import Recipe
from training.measures import accuracy, auc
from training.task import Dataset, Split


class Tiny:
    name, version, watch = "tiny", "1", "auc"
    recipe = Recipe(epochs=4, batch_size=16, learning_rate=0.05, patience=4, average=0.9)
    signature = tabular(
        tuple(Number(name=name, minimum=-10, maximum=10) for name in ("x", "y")), labels=("below", "above")
    )

    def data(self, seed: int) -> Dataset:
        train, validation, evaluation = (_rows(count, seed) for count in (80, 40, 30))
        return Dataset(train=train, validation=validation, evaluation=evaluation, digest=f"tiny-{seed}")

    def model(self) -> nn.Module:
        return _Net()

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(outputs, targets)

    def answer(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(1)

    def metrics(self, answers: Tensor, targets: Tensor) -> dict[str, float]:
        return {"auc": auc(answers[:, 1], targets == 1), "accuracy": accuracy(answers, targets)}


class UnlikeItsGraph(Tiny):
    """Answers with chance in it, so that no graph can answer alike."""

    def answer(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(1) + torch.rand(1)


class Diverging(Tiny):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return super().loss(outputs, targets) * float("nan")


class Slow(Tiny):
    """Enough steps to be interrupted in the middle."""

    recipe = Tiny.recipe.model_copy(update={"epochs": 400, "patience": 400})


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))

    def forward(self, numbers: Tensor) -> Tensor:
        return self.layers(numbers)


def _rows(count: int, seed: int) -> Split:
    numbers = torch.randn(count, 2, generator=torch.Generator().manual_seed(seed + count))
    return Split(inputs={"numbers": numbers}, targets=(numbers.sum(1) > 0).long())
