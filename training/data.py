"""Which rows a worker takes at which step.

The order of rows is a function of seed and epoch alone: the same rows meet in the same step whatever the number of
workers, so a run may resume on more or fewer. Rows lie in device memory and are taken by index; there is no loader,
because data that fits in memory is only slowed by one. Data that does not fit is not read here.
"""

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from slipway.errors import TrainingError


@dataclass(frozen=True, kw_only=True)
class Batches:
    """The steps of an epoch. rows: in the training split; batch: rows in a step over all workers."""

    rows: int
    batch: int
    seed: int

    @property
    def per_epoch(self) -> int:
        """Whole batches only. The rows left over differ from epoch to epoch."""
        return self.rows // self.batch

    def order(self, epoch: int) -> Tensor:
        """Every row once, in the order of this epoch."""
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "order", epoch))
        return torch.randperm(self.rows, generator=generator)

    def share(self, order: Tensor, step: int, *, rank: int, size: int) -> Tensor:
        """What worker `rank` of `size` takes of batch `step` of the epoch: shares are equal, so that the mean of the
        workers' gradients is the gradient of the batch."""
        share = self.batch // size
        start = step * self.batch + rank * share
        return order[start : start + share]


def plan_batches(*, rows: int, batch_size: int, seed: int, workers: int) -> Batches:
    """Batches of `batch_size`, or of all rows when there are fewer.

    Raises TrainingError when the batch cannot be shared evenly by the workers.
    """
    if batch_size % workers:
        raise TrainingError(
            f"batch_size {batch_size} cannot be shared evenly by {workers} workers",
            hint=f"set training.batch_size to a multiple of {workers}, or change training.workers",
        )
    batch = min(batch_size, rows - rows % workers)
    if not batch:
        raise TrainingError(f"{rows} training rows are too few for {workers} workers", hint="set training.workers to 1")
    return Batches(rows=rows, batch=batch, seed=seed)


def derive_seed(*parts: int | str) -> int:
    """A seed for one purpose: 63 bits that no other `parts` are likely to share, the same on every machine."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >> 1
