"""Replicas that seldom meet: DiLoCo, Douillard et al. 2023 (arXiv:2311.08105), for links that are slow.

Each replica takes its own steps. Every so many they meet: the mean of how far each has gone is the gradient of one
Nesterov step from where all of them started, and all go on from there. One exchange of the weights a meeting takes the
place of one of the gradients a step. The same serves as an asynchronous parameter server used to, and is exact to
repeat.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.tensor import DTensor

from training.config import ParallelSettings
from training.mesh import Mesh


class Meetings:
    """parameters: of this replica, which meetings change in place. exchanged: bytes that this process handed over."""

    def __init__(self, parameters: Mapping[str, Tensor], settings: ParallelSettings, mesh: Mesh) -> None:
        self._parameters = {name: _local(parameter) for name, parameter in parameters.items()}
        self._spread = {name: parameter for name, parameter in parameters.items() if isinstance(parameter, DTensor)}
        self._settings, self._replicas = settings, mesh.replicas
        self._group = mesh.grid.get_group("replicate") if mesh.grid else None
        self._anchor = {name: parameter.detach().clone() for name, parameter in self._parameters.items()}
        self._momentum = {name: torch.zeros_like(anchor) for name, anchor in self._anchor.items()}
        self._since = 0
        self.exchanged = 0

    def stepped(self) -> bool:
        """After a step of this replica: meet if it is time. Returns whether they met."""
        self._since += 1
        if self._since < self._settings.local_steps:
            return False
        self.meet()
        return True

    @torch.no_grad()
    def meet(self) -> bool:
        """Meet now; returns False when nobody has moved since the last time, as all of them know alike."""
        if not self._since:
            return False
        rate, keep = self._settings.outer_rate, self._settings.outer_momentum
        for name, parameter in self._parameters.items():
            anchor, momentum = self._anchor[name], self._momentum[name]
            gone = anchor - parameter
            dist.all_reduce(gone, group=self._group)
            self.exchanged += gone.nbytes
            gone /= self._replicas
            momentum.mul_(keep).add_(gone)
            anchor.sub_(gone + keep * momentum, alpha=rate)
            parameter.copy_(anchor)
        self._since = 0
        return True

    def state(self) -> dict[str, Any]:
        return {"anchor": self._like(self._anchor), "momentum": self._like(self._momentum), "since": self._since}

    def load(self, state: Mapping[str, Any]) -> None:
        for name, anchor in self._anchor.items():
            anchor.copy_(_local(state["anchor"][name]))
            self._momentum[name].copy_(_local(state["momentum"][name]))
        self._since = state["since"]

    def _like(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Spread as the parameters are, of which they are this process' part."""
        return {
            name: DTensor.from_local(
                tensor,
                own.device_mesh,
                own.placements,
                run_check=False,
                shape=own.shape,
                stride=own.stride(),
            )
            if (own := self._spread.get(name)) is not None
            else tensor
            for name, tensor in tensors.items()
        }


def _local(tensor: Tensor) -> Tensor:
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor
