"""The digits again, by a model of equal blocks that may be spread: how a task of your own says so with a plan."""

import math

import torch
from torch import Tensor, nn
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel
from torch.nn.functional import cross_entropy, gelu

from training.config import Recipe
from training.parallel.plan import Plan
from training.tasks.digits import Digits

WIDTH, HIDDEN, BLOCKS = 128, 512, 4


class WideDigits(Digits):
    name = "wide-digits"
    recipe = Recipe(epochs=5, batch_size=64, learning_rate=0.001)

    @property
    def plan(self) -> Plan:
        return Plan(
            blocks="blocks",
            first=("pixels",),
            last=("classes",),
            groups=HIDDEN,
            tensor={"blocks.*.up": ColwiseParallel(), "blocks.*.down": RowwiseParallel()},
            initialize=initialize,
        )

    def model(self) -> nn.Module:
        return Wide()


class Wide(nn.Module):
    pixels: nn.Linear | None
    classes: nn.Linear | None

    def __init__(self) -> None:
        super().__init__()
        self.pixels = nn.Linear(64, WIDTH, bias=False)
        self.blocks = nn.ModuleDict({str(at): Block() for at in range(BLOCKS)})
        self.classes = nn.Linear(WIDTH, 10, bias=False)

    def forward(self, image: Tensor, targets: Tensor | None = None) -> Tensor:
        hidden = image if self.pixels is None else self.pixels(image.flatten(1))
        for block in self.blocks.values():
            hidden = block(hidden)
        if self.classes is None:
            return hidden
        outputs = self.classes(hidden)
        return outputs if targets is None else cross_entropy(outputs, targets).reshape(1)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(WIDTH)
        self.up = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.down = nn.Linear(HIDDEN, WIDTH, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden + self.down(gelu(self.up(self.norm(hidden))))


def initialize(name: str, tensor: Tensor, *, generator: torch.Generator) -> None:
    if "norm" in name:
        tensor.fill_(1.0)
    else:
        tensor.normal_(std=1 / math.sqrt(tensor.shape[1]), generator=generator)
