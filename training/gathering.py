"""Whole tensors from what processes hold of them, for the one that exports the model."""

from collections.abc import Mapping

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.tensor import DTensor

from training.mesh import Mesh


def gathered(tensors: Mapping[str, Tensor], like: Mapping[str, Tensor], mesh: Mesh) -> dict[str, Tensor]:
    """All tensors that `like` names, whole, on the CPU of every process. Blocks until each process has given its own.

    tensors: what this process holds: all of them in shards, or some where others are on other stages.
    """
    whole = {name: _whole(tensor).cpu() for name, tensor in tensors.items()}
    if mesh.pipeline == 1:
        return whole
    owners = torch.tensor([mesh.rank if name in whole else -1 for name in like])
    dist.all_reduce(owners, op=dist.ReduceOp.MAX)
    for (name, shaped), owner in zip(like.items(), owners.tolist(), strict=True):
        tensor = whole[name] if owner == mesh.rank else torch.empty(shaped.shape, dtype=shaped.dtype)
        dist.broadcast(tensor, owner)
        whole[name] = tensor
    return whole


def _whole(tensor: Tensor) -> Tensor:
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
