"""Whole tensors from what processes hold of them, for the one that exports the model."""

from collections.abc import Mapping

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.tensor import DTensor

from training.mesh import Mesh


def gathered(tensors: Mapping[str, Tensor], like: Mapping[str, Tensor], mesh: Mesh) -> dict[str, Tensor]:
    """All tensors that `like` names, whole, on the CPU of the leading process; on the others none. Blocks until each
    process has given its own.

    tensors: what this process holds: all of them in shards, or some where others are on other stages. like: of their
    shapes, in the same order on every process; may hold nothing.
    """
    whole: dict[str, Tensor] = {}
    for (name, shaped), giver in zip(like.items(), _givers(tensors, like, mesh), strict=True):
        tensor = _whole(tensors[name]) if name in tensors else None  # by all that hold a part of it
        if mesh.leads:
            whole[name] = _received(shaped, giver) if tensor is None else tensor.cpu()
        elif giver == mesh.rank and tensor is not None:
            dist.send(tensor.cpu().contiguous(), 0)
    return whole


def _givers(tensors: Mapping[str, Tensor], like: Mapping[str, Tensor], mesh: Mesh) -> list[int]:
    """Of each tensor the first process that holds some of it; the leading one has what it needs of its own stage."""
    if mesh.pipeline == 1:
        return [0] * len(like)
    givers = torch.tensor([mesh.rank if name in tensors else mesh.size for name in like])
    dist.all_reduce(givers, op=dist.ReduceOp.MIN)
    return givers.tolist()


def _received(shaped: Tensor, giver: int) -> Tensor:
    tensor = torch.empty(shaped.shape, dtype=shaped.dtype)
    dist.recv(tensor, giver)
    return tensor


def _whole(tensor: Tensor) -> Tensor:
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
