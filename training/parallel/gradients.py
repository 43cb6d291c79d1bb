"""The norm of a gradient whose parts lie on many processes, and scaling it down."""

from collections import defaultdict
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.tensor import DTensor

from training.mesh import Mesh


def settle(parameters: Iterable[Tensor]) -> None:
    """Add up gradients of which each process of a tensor group holds a summand."""
    for parameter in parameters:
        gradient = parameter.grad
        if isinstance(parameter, DTensor) and isinstance(gradient, DTensor):
            parameter.grad = gradient.redistribute(placements=parameter.placements)  # nothing where they are alike


def gradient_norm(parameters: Iterable[Tensor], *, mesh: Mesh) -> Tensor:
    """Over all processes, left on the device. Blocks until each of them asks.

    Each part counts once: what a group holds in shards is summed over it, what it holds in copies is not.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    by_groups: dict[tuple[dist.ProcessGroup, ...], list[Tensor]] = defaultdict(list)
    for gradient in gradients:
        by_groups[_summed_over(gradient)].append(_local(gradient))
    total = torch.zeros((), device=mesh.device)
    for groups, tensors in by_groups.items():
        squares = torch.stack(torch._foreach_norm(tensors)).square().sum()  # pyright: ignore[reportPrivateImportUsage]
        for group in groups:
            dist.all_reduce(squares, group=group)
        total += squares
    if mesh.grid is not None and mesh.pipeline > 1:
        dist.all_reduce(total, group=mesh.grid.get_group("pipeline"))
    return total.sqrt()


def scale_down(parameters: Iterable[Tensor], *, norm: Tensor, limit: float) -> None:
    """Gradients of this norm to the norm `limit`, where theirs is larger."""
    gradients = [_local(parameter.grad) for parameter in parameters if parameter.grad is not None]
    torch._foreach_mul_(gradients, (limit / (norm + 1e-6)).clamp(max=1.0))  # pyright: ignore[reportPrivateImportUsage]


def _summed_over(gradient: Tensor) -> tuple[dist.ProcessGroup, ...]:
    if not isinstance(gradient, DTensor):
        return ()
    return tuple(
        gradient.device_mesh.get_group(dimension)
        for dimension, placement in enumerate(gradient.placements)
        if not placement.is_replicate()
    )


def _local(tensor: Tensor) -> Tensor:
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor
