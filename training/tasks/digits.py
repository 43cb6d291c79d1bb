"""Handwritten digits: 8 x 8 grey images a small convolutional net. A whole task, to read before writing your own."""

import hashlib

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from slipway import signature as served
from training.config import Recipe
from training.measures import accuracy, log_loss
from training.task import Dataset, Split


class Digits:
    """UCI's 1,797 images (CC BY 4.0), as scikit-learn carries them; the last fifth stands in for later data."""

    name, version, watch = "digits", "1", "accuracy"
    recipe = Recipe(epochs=30, batch_size=64, learning_rate=0.005, patience=8, average=0.98)
    signature = served.Signature(
        inputs=(served.Tensor(name="image", dtype="FP32", shape=(-1, 1, 8, 8)),),
        outputs=(served.Tensor(name="probabilities", dtype="FP32", shape=(-1, 10)),),
        labels=tuple("0123456789"),
    )

    def data(self, seed: int) -> Dataset:
        pixels, labels = load_digits(return_X_y=True)
        digest = hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()
        image = torch.from_numpy(pixels).float().reshape(-1, 1, 8, 8) / 16
        whole = Split(inputs={"image": image}, targets=torch.from_numpy(labels))
        order = torch.randperm(1437, generator=torch.Generator().manual_seed(seed))
        train, validation, later = (whole.rows(i) for i in (order[:1200], order[1200:], slice(1437, None)))
        return Dataset(train=train, validation=validation, evaluation=later, digest=digest)

    def model(self) -> nn.Module:
        return Net()

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(outputs, targets)

    def answer(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(1)

    def metrics(self, answers: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": accuracy(answers, targets), "log_loss": log_loss(answers, targets)}


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.strokes = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2))
        self.shapes = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10))

    def forward(self, image: Tensor) -> Tensor:
        return self.shapes(self.strokes(image))


TASK = Digits()
