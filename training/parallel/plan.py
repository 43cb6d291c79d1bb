"""What a task may say about its model, so that the trainer can spread it over processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor
from torch.distributed.tensor.parallel import ParallelStyle


class Initialize(Protocol):
    def __call__(self, name: str, tensor: Tensor, *, generator: torch.Generator) -> None:
        """Fill the parameter `name`, whole, with what it starts from."""
        ...


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Beside the model, as the task's attribute `plan`. A model with a plan takes `targets` as well as its inputs, and
    then returns the mean loss as one element; so no process needs the outputs of all positions. It has no buffers:
    `initialize` fills parameters.

    blocks: the name of its ModuleDict of equal layers, keyed 0, 1, …: the units that are sharded, compiled, computed
    again and dealt to stages. first, last: names of what only the first and the last stage have; set to None elsewhere,
    where the model takes or returns what goes between blocks. Empty: it cannot be cut into stages.
    tensor: how modules are cut over the processes of a tensor group, by name with `*` for any block. Empty: they
    cannot. groups: what the size of a tensor group must divide. initialize: fills a parameter by name, so that a start
    needs no memory for the whole model and is the same however it is spread.
    """

    blocks: str
    initialize: Initialize
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    groups: int = 1
    tensor: Mapping[str, ParallelStyle] = field(default_factory=dict)
