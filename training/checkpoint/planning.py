"""Who writes what: torch's planner, fed by every process with what it holds, so that each finds the same answer.

Processes tell each other in JSON over the CPU, where torch's own coordination would pickle.
"""

from collections.abc import Mapping
from typing import TypeVar

import msgspec
import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.metadata import ChunkStorageMetadata, Metadata, MetadataIndex, TensorProperties
from torch.distributed.checkpoint.planner import SavePlan, TensorWriteData, WriteItem, WriteItemType

from training.checkpoint.layout import Whole, dtype
from training.mesh import Mesh

_Told = TypeVar("_Told")


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A box of a tensor that a process holds. is_shard: else it is all of it."""

    name: str
    offset: tuple[int, ...]
    lengths: tuple[int, ...]
    whole: Whole
    is_shard: bool


def exchange(mesh: Mesh, told: _Told) -> list[_Told]:
    """What each process of the mesh tells, in order of ranks. Blocks until all have."""
    if mesh.size == 1:
        return [told]
    said = torch.frombuffer(bytearray(msgspec.json.encode(told)), dtype=torch.uint8)
    lengths = [torch.zeros(1, dtype=torch.int64) for _ in range(mesh.size)]
    dist.all_gather(lengths, torch.tensor([len(said)]))
    longest = max(int(length) for length in lengths)
    texts = [torch.empty(longest, dtype=torch.uint8) for _ in range(mesh.size)]
    dist.all_gather(texts, torch.nn.functional.pad(said, (0, longest - len(said))))
    heard = [text[: int(length)].numpy().tobytes() for text, length in zip(texts, lengths, strict=True)]
    return [msgspec.json.decode(text, type=type(told)) for text in heard]


def planner_of(tensors: Mapping[str, Tensor]) -> DefaultSavePlanner:
    """A planner that knows the tensors of this process."""
    planner = DefaultSavePlanner(flatten_state_dict=False)
    planner.set_up_planner({**tensors})
    return planner


def held(planner: DefaultSavePlanner) -> tuple[Held, ...]:
    """What this process could write."""
    return tuple(_held(item) for item in planner.create_local_plan().items)


def share_out(plans: list[tuple[Held, ...]]) -> tuple[list[SavePlan], Metadata]:
    """What each process is to write, so that each box is written once and all have about as much to do."""
    return DefaultSavePlanner(flatten_state_dict=False).create_global_plan(
        [SavePlan([_item(each) for each in plan]) for plan in plans]
    )


def _held(item: WriteItem) -> Held:
    data = item.tensor_data
    assert data is not None  # noqa: S101 - only tensors are planned
    return Held(
        item.index.fqn,
        tuple(data.chunk.offsets),
        tuple(data.chunk.sizes),
        Whole(str(data.properties.dtype).removeprefix("torch."), tuple(data.size)),
        item.type is WriteItemType.SHARD,
    )


def _item(each: Held) -> WriteItem:
    return WriteItem(
        index=MetadataIndex(each.name, each.offset),
        type=WriteItemType.SHARD if each.is_shard else WriteItemType.TENSOR,
        tensor_data=TensorWriteData(
            chunk=ChunkStorageMetadata(offsets=torch.Size(each.offset), sizes=torch.Size(each.lengths)),
            properties=TensorProperties(dtype=dtype(each.whole)),
            size=torch.Size(each.whole.size),
        ),
    )
