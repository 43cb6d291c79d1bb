"""The processes of a run: who this one is, what it computes on, and what all of them agree on.

One process a GPU with NCCL where there are GPUs, else gloo on the CPU. What the processes agree on goes over gloo even
where there are GPUs, so that asking never waits for one.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from slipway.errors import TrainingError
from training.config import MeshSettings
from training.rendezvous import RENDEZVOUS_FOLDER

_DIMENSIONS = ("pipeline", "replicate", "shard", "tensor")
"""From the slowest links to the fastest: what talks most stands next to each other."""


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """rank: 0 to size - 1; rank 0 writes what is written once.

    shard, tensor, pipeline: sizes of the groups that a model is spread over; what they leave are replicas of it.
    grid: torch's mesh of all four dimensions by name, None where there is nothing but replicas.
    """

    rank: int
    size: int
    device: torch.device
    shard: int = 1
    tensor: int = 1
    pipeline: int = 1
    grid: DeviceMesh | None = None

    @property
    def replicas(self) -> int:
        return self.size // (self.shard * self.tensor * self.pipeline)

    @property
    def data_size(self) -> int:
        """Processes that take rows of their own: replicas and the shards of each."""
        return self.replicas * self.shard

    @property
    def data_rank(self) -> int:
        """Which share of the rows is this process'; those of a tensor group or a pipeline have the same."""
        return self.rank // self.tensor % self.data_size

    @property
    def replica(self) -> int:
        return self.data_rank // self.shard

    @property
    def stage_rank(self) -> int:
        """This process' place in its pipeline."""
        return self.rank // (self.tensor * self.data_size)

    @property
    def is_spread(self) -> bool:
        """Whether a process holds only a part of the model."""
        return self.replicas < self.size

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def agree(self, wish: int) -> int:
        """The highest wish of all processes. Blocks until each has said its own."""
        return self.ask(wish)()

    def ask(self, wish: int) -> Callable[[], int]:
        """Say one's own wish, at once. What is returned gives the highest of all; it blocks until each has said its
        own."""
        if self.size == 1:
            return lambda: wish
        wishes = torch.tensor([wish], dtype=torch.int64)
        asked = dist.all_reduce(wishes, op=dist.ReduceOp.MAX, async_op=True)

        def told() -> int:
            if asked is not None:
                asked.wait()
            return int(wishes)

        return told

    def agree_all(self, *wishes: bool) -> tuple[bool, ...]:
        """Of each wish, whether any process has it. Blocks until each has said its own."""
        if self.size == 1:
            return wishes
        told = torch.tensor(wishes, dtype=torch.int64)
        dist.all_reduce(told, op=dist.ReduceOp.MAX)
        return tuple(map(bool, told.tolist()))

    def mean(self, value: Tensor) -> Tensor:
        """The mean of one number a process."""
        if self.size == 1:
            return value
        total = value.detach().clone()
        dist.all_reduce(total)
        return total / self.size

    def share(self, rows: int) -> slice:
        """The run of rows that this process takes of a split; the shares join to the whole in the order of ranks."""
        return slice(rows * self.data_rank // self.data_size, rows * (self.data_rank + 1) // self.data_size)

    def join(self, share: Tensor, rows: int) -> Tensor:
        """The shares of all processes put together in order, on the CPU of each. Of a pipeline, the last stage's."""
        share = share.cpu()
        if self.size == 1:
            return share
        longest = -(-rows // self.data_size)
        padded = share.new_zeros((longest, *share.shape[1:]))
        padded[: len(share)] = share
        parts = [torch.empty_like(padded) for _ in range(self.size)]
        dist.all_gather(parts, padded)
        told = parts[-self.data_size * self.tensor :: self.tensor]
        lengths = (rows * (at + 1) // self.data_size - rows * at // self.data_size for at in range(self.data_size))
        return torch.cat([part[:length] for part, length in zip(told, lengths, strict=True)])


@contextmanager
def joined(settings: MeshSettings | None = None) -> Iterator[Mesh]:
    """Join the processes that torchrun started, and leave them at the end. One process alone needs no torchrun.

    Raises TrainingError when the machine has GPUs, but fewer than workers, or `settings` are for another number.
    """
    settings = settings or MeshSettings()
    rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    device = _device(int(os.environ.get("LOCAL_RANK", "0")))
    if size == 1:
        yield arranged(rank=rank, size=size, device=device, settings=settings)
        return
    on_gpu = device.type == "cuda"
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if on_gpu else "gloo",
        init_method=_meeting_point(),
        rank=rank,
        world_size=size,
        device_id=device if on_gpu else None,
    )
    try:
        yield arranged(rank=rank, size=size, device=device, settings=settings)
    finally:
        dist.destroy_process_group()


def arranged(*, rank: int, size: int, device: torch.device, settings: MeshSettings) -> Mesh:
    """The mesh of processes that have joined. Blocks until all of them arrange themselves, where there are groups.

    Raises TrainingError when so many processes do not stand in such a mesh.
    """
    try:
        replicas = settings.replicas(size)
    except ValueError as error:
        raise TrainingError(
            str(error), hint="set training.mesh so that its product is the number of workers"
        ) from error
    shape = (settings.pipeline, replicas, settings.shard, settings.tensor)
    return Mesh(
        rank=rank,
        size=size,
        device=device,
        shard=settings.shard,
        tensor=settings.tensor,
        pipeline=settings.pipeline,
        grid=None if replicas == size else init_device_mesh(device.type, shape, mesh_dim_names=_DIMENSIONS),
    )


def _meeting_point() -> str:
    folder = os.environ.get(RENDEZVOUS_FOLDER)
    if not folder:
        return "env://"
    # a file that was used is not one to meet in again, so each start has its own
    return f"file://{folder}/{os.environ['TORCHELASTIC_RUN_ID']}-{os.environ['TORCHELASTIC_RESTART_COUNT']}"


def _device(local_rank: int) -> torch.device:
    if not torch.cuda.is_available():
        return torch.device("cpu")
    workers, gpus = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), torch.cuda.device_count()
    if workers > gpus:  # all of them say so, for one that waited for the others would wait long
        raise TrainingError(
            f"{workers} workers need a GPU each, and this machine has {gpus}",
            hint="set training.workers to the number of GPUs, or leave it out",
        )
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)
