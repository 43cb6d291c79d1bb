"""What a run holds, brought from the worker that is furthest to all others: tensors as they are, the rest as JSON."""

import json
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from training.mesh import Mesh

_TENSOR = "\0tensor"
"""The key that stands for a tensor in the JSON; no name of a state begins so."""


def hand_over(mesh: Mesh, *, turns: int, state: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """The state of the worker that has taken most turns, or None when all have taken as many, and so hold the same.

    Blocks until all of the mesh have called it. state: asked of that worker only; dicts, lists, plain values and
    tensors.
    """
    if mesh.size == 1:
        return None
    taken = [torch.zeros(1, dtype=torch.int64) for _ in range(mesh.size)]
    dist.all_gather(taken, torch.tensor([turns]))
    counts = [int(count) for count in taken]
    if min(counts) == max(counts):
        return None
    return _broadcast(state, counts.index(max(counts)), mesh)


def _broadcast(state: Callable[[], dict[str, Any]], source: int, mesh: Mesh) -> dict[str, Any]:
    mine = mesh.rank == source
    tensors: list[Tensor] = []
    said = json.dumps(_plain(state(), tensors)).encode() if mine else b""
    length = torch.tensor([len(said)])
    dist.broadcast(length, source)
    text = torch.frombuffer(bytearray(said), dtype=torch.uint8) if mine else torch.empty(int(length), dtype=torch.uint8)
    dist.broadcast(text, source)
    return _whole(json.loads(text.numpy().tobytes()), tensors, source, mesh.device)


def _plain(value: Any, tensors: list[Tensor]) -> Any:
    """The value with each tensor put aside, in order."""
    if isinstance(value, Tensor):
        tensors.append(value.detach())
        return {_TENSOR: [str(value.dtype).removeprefix("torch."), list(value.shape), value.device.type]}
    if isinstance(value, dict):
        return {key: _plain(each, tensors) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, tensors) for each in value]
    return value


def _whole(plain: Any, tensors: list[Tensor], source: int, device: torch.device) -> Any:
    """The value with its tensors, each of which is broadcast as bytes: not every type can be otherwise."""
    if isinstance(plain, list):
        return [_whole(each, tensors, source, device) for each in plain]
    if not isinstance(plain, dict):
        return plain
    if _TENSOR not in plain:
        return {key: _whole(each, tensors, source, device) for key, each in plain.items()}
    dtype, shape, kind = plain[_TENSOR]
    where = device if kind == device.type else torch.device(kind)
    tensor = tensors.pop(0).contiguous() if tensors else torch.empty(shape, dtype=getattr(torch, dtype), device=where)
    dist.broadcast(tensor.reshape(-1).view(torch.uint8), source)
    return tensor
