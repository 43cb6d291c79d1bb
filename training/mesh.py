"""The processes of a run: who this one is, what it computes on, and what all of them agree on.

One process a GPU with NCCL where there are GPUs, else gloo on the CPU. What the processes agree on goes over gloo even
where there are GPUs, so that asking never waits for one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from slipway.errors import TrainingError
from training.rendezvous import RENDEZVOUS_FOLDER


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """rank: 0 to size - 1; rank 0 writes what is written once."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def agree(self, wish: int) -> int:
        """The highest wish of all processes. Blocks until each has said its own."""
        if self.size == 1:
            return wish
        wishes = torch.tensor([wish], dtype=torch.int64)
        dist.all_reduce(wishes, op=dist.ReduceOp.MAX)
        return int(wishes)

    def mean(self, value: Tensor) -> Tensor:
        """The mean of one number a process."""
        if self.size == 1:
            return value
        total = value.detach().clone()
        dist.all_reduce(total)
        return total / self.size

    def share(self, rows: int) -> slice:
        """The run of rows that this process takes of a split; the shares join to the whole in the order of ranks."""
        return slice(rows * self.rank // self.size, rows * (self.rank + 1) // self.size)

    def join(self, share: Tensor, rows: int) -> Tensor:
        """The shares of all processes put together in order, on the CPU of each."""
        share = share.cpu()
        if self.size == 1:
            return share
        longest = -(-rows // self.size)
        padded = share.new_zeros((longest, *share.shape[1:]))
        padded[: len(share)] = share
        parts = [torch.empty_like(padded) for _ in range(self.size)]
        dist.all_gather(parts, padded)
        lengths = (rows * (rank + 1) // self.size - rows * rank // self.size for rank in range(self.size))
        return torch.cat([part[:length] for part, length in zip(parts, lengths, strict=True)])


@contextmanager
def joined() -> Iterator[Mesh]:
    """Join the processes that torchrun started, and leave them at the end. One process alone needs no torchrun.

    Raises TrainingError when the machine has GPUs, but fewer than workers.
    """
    rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    mesh = Mesh(rank=rank, size=size, device=_device(int(os.environ.get("LOCAL_RANK", "0"))))
    if size == 1:
        yield mesh
        return
    on_gpu = mesh.device.type == "cuda"
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if on_gpu else "gloo",
        init_method=_meeting_point(),
        rank=rank,
        world_size=size,
        device_id=mesh.device if on_gpu else None,
    )
    try:
        yield mesh
    finally:
        dist.destroy_process_group()


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
