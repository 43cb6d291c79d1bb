"""Which rows a worker takes at which step.

The order of rows is a function of seed and epoch alone, and a batch is always cut into the same slices, which workers
share out among them: so a step is the same whatever the number of workers, and a run may go on with more or fewer.
Rows that lie in device memory are taken by index, without a loader,
which would only slow them; rows that are read from files (training/tokens) are read a step ahead, by a thread.
"""

import hashlib
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from slipway.errors import TrainingError
from training.mesh import Mesh
from training.task import Split


@dataclass(frozen=True, kw_only=True)
class Portion:
    """The slices of a batch that one process computes, in order. weight: of each one's mean loss, so that the mean over
    the processes is the mean of the batch."""

    first: int
    count: int
    weight: float


@dataclass(frozen=True, kw_only=True)
class Batches:
    """The steps of an epoch. rows: in the training split; batch: rows in a step over all workers; slices: equal parts
    of a batch, each with its own chance."""

    rows: int
    batch: int
    seed: int
    slices: int

    @property
    def per_epoch(self) -> int:
        """Whole batches only. The rows left over differ from epoch to epoch."""
        return self.rows // self.batch

    def sliced(self, slices: int) -> "Batches":
        """The same batches in another number of slices: those of the run that goes on here.

        Raises TrainingError when they cannot be cut so.
        """
        if self.batch % slices:
            raise TrainingError(
                f"the run was cut into {slices} slices a step, and a batch of {self.batch} rows cannot be",
                hint="train on as many workers as before, or give this run a work folder of its own",
            )
        return replace(self, slices=slices)

    def order(self, epoch: int) -> Tensor:
        """Every row once, in the order of this epoch."""
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "order", epoch))
        return torch.randperm(self.rows, generator=generator)

    def share(self, order: Tensor, step: int, *, rank: int, size: int) -> Tensor:
        """What worker `rank` of `size` takes of batch `step` of the epoch: the rows of its portion's slices."""
        mine, rows = portion(self.slices, rank=rank, size=size), self.batch // self.slices
        start = step * self.batch + mine.first * rows
        return order[start : start + mine.count * rows]


class Feed:
    """The batches of one process, step by step. waited_s: seconds that steps have waited for their rows."""

    def __init__(self, split: Split, batches: Batches, mesh: Mesh) -> None:
        self._split, self._batches, self._mesh = split, batches, mesh
        self._order = (-1, torch.empty(0))
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="feed") if split.is_read else None
        self._ahead: tuple[int, Future[Split]] | None = None
        self.waited_s = 0.0

    def take(self, step: int) -> Split:
        """This process' share of a step's batch. Steps may be asked for in any order; the next one is fastest."""
        if self._reader is None:
            return self._rows(step)
        asked = time.monotonic()
        ahead, self._ahead = self._ahead, None
        rows = ahead[1].result() if ahead and ahead[0] == step else self._reader.submit(self._rows, step).result()
        self._ahead = (step + 1, self._reader.submit(self._rows, step + 1))
        self.waited_s += time.monotonic() - asked
        return rows

    def close(self) -> None:
        """Read no further ahead."""
        if self._reader is not None:
            self._reader.shutdown(wait=False, cancel_futures=True)

    def _rows(self, step: int) -> Split:
        epoch, at = divmod(step, self._batches.per_epoch)
        if self._order[0] != epoch:
            self._order = (epoch, self._batches.order(epoch).to("cpu" if self._split.is_read else self._mesh.device))
        share = self._batches.share(self._order[1], at, rank=self._mesh.data_rank, size=self._mesh.data_size)
        return self._split.rows(share)


def portion(slices: int, *, rank: int, size: int) -> Portion:
    """What process `rank` of `size` computes of so many slices.

    One that is left without computes the first slice for nothing: the others' exchange of gradients waits for it.
    """
    first, end = slices * rank // size, slices * (rank + 1) // size
    if first == end:
        return Portion(first=0, count=1, weight=0.0)
    return Portion(first=first, count=end - first, weight=size / slices)


def plan_batches(*, rows: int, batch_size: int, seed: int, workers: int) -> Batches:
    """Batches of `batch_size`, or of all rows when there are fewer, in as many slices as `workers`, the most that are
    meant to share a batch.

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
    return Batches(rows=rows, batch=batch, seed=seed, slices=workers)


def derive_seed(*parts: int | str) -> int:
    """A seed for one purpose: 63 bits that no other `parts` are likely to share, the same on every machine."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >> 1
