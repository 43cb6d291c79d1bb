"""torch's StorageWriter, on storage of our own: stage, then hash and write with threads, then say where all lies."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint.metadata import Metadata, MetadataIndex, TensorStorageMetadata
from torch.distributed.checkpoint.planner import SavePlan, SavePlanner, WriteItem
from torch.distributed.checkpoint.storage import StorageWriter, WriteResult

from training.checkpoint.layout import METADATA, Manifest, Piece, Whole, encode_manifest
from training.checkpoint.staging import Lane, Stage, Staged, pack
from training.checkpoint.storage import Storage

THREADS = min(16, 2 * (os.cpu_count() or 1))
"""Hashing takes a core for each 1 to 2 GB/s, and a fast disk or a bucket wants several writers."""


class Writer(StorageWriter):
    """Of one checkpoint and one process. describe: what the metadata says besides the tensors, with those added."""

    def __init__(
        self,
        storage: Storage,
        folder: str,
        *,
        rank: int,
        attempt: str,
        stage: Stage,
        describe: Callable[[dict[str, Whole], tuple[Piece, ...]], Manifest],
    ) -> None:
        self._storage, self._folder, self._stage, self._describe = storage, folder, stage, describe
        self._rank, self._attempt = rank, attempt

    def reset(self, checkpoint_id: str | os.PathLike[str] | None = None) -> None:
        """Its folder was given already."""

    def set_up_storage_writer(self, is_coordinator: bool, *args: Any, **kwargs: Any) -> None:
        """Nothing: every process writes alike."""

    def prepare_local_plan(self, plan: SavePlan) -> SavePlan:
        return plan

    def prepare_global_plan(self, plans: list[SavePlan]) -> list[SavePlan]:
        return plans

    def write_data(self, plan: SavePlan, planner: SavePlanner) -> torch.futures.Future[list[WriteResult]]:
        """Stage now, write later. The future fails with an OSError."""
        tensors = [_tensor(planner.resolve_data(item)) for item in plan.items]
        lanes = pack([tensor.nbytes for tensor in tensors])
        told: torch.futures.Future[list[WriteResult]] = torch.futures.Future()
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="checkpoint")
        staged = self._stage.copy(lanes, tensors)
        written = [
            pool.submit(self._write, at, lane, bytes_, [plan.items[member] for member in lane.members])
            for at, (lane, bytes_) in enumerate(zip(lanes, staged, strict=True))
        ]
        pool.submit(_tell, told, written)
        pool.shutdown(wait=False)
        return told

    def finish(self, metadata: Metadata, results: list[list[WriteResult]]) -> None:
        """Everything is durable: say so. Raises OSError."""
        pieces = tuple(result.storage_data for of_one in results for result in of_one)
        tensors = {
            name: Whole(str(kind.properties.dtype).removeprefix("torch."), tuple(kind.size))
            for name, kind in metadata.state_dict_metadata.items()
            if isinstance(kind, TensorStorageMetadata)
        }
        self._storage.put(f"{self._folder}/{METADATA}", encode_manifest(self._describe(tensors, pieces)))

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: str | os.PathLike[str]) -> bool:
        return False

    def _write(self, at: int, lane: Lane, staged: Staged, items: Sequence[WriteItem]) -> list[WriteResult]:
        content = staged.wait()
        file = f"{self._rank:05d}-{at:03d}-{self._attempt}"
        ends = [start + _nbytes(item) for start, item in zip(lane.starts, items, strict=True)]
        results = [
            _result(item, file, start, content[start:end])
            for item, start, end in zip(items, lane.starts, ends, strict=True)
        ]
        self._storage.write(f"{self._folder}/{file}", content)
        return results


def planned(plan: SavePlan) -> list[Lane]:
    """The lanes that the tensors of a plan will lie in."""
    return pack([_nbytes(item) for item in plan.items])


def _result(item: WriteItem, file: str, at: int, content: memoryview) -> WriteResult:
    assert item.tensor_data is not None  # noqa: S101 - nothing else is planned
    box = item.tensor_data.chunk
    piece = Piece(
        item.index.fqn,
        tuple(box.offsets),
        tuple(box.sizes),
        file,
        at,
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    return WriteResult(index=MetadataIndex(piece.name, piece.offset), size_in_bytes=piece.nbytes, storage_data=piece)


def _nbytes(item: WriteItem) -> int:
    assert item.tensor_data is not None  # noqa: S101 - nothing else is planned
    return item.tensor_data.chunk.sizes.numel() * item.tensor_data.properties.dtype.itemsize


def _tensor(found: object) -> Tensor:
    if not isinstance(found, Tensor):
        raise TypeError("what is no tensor belongs into the metadata")
    return found.detach()


def _tell(told: torch.futures.Future[list[WriteResult]], written: Iterable[Future[list[WriteResult]]]) -> None:
    try:
        told.set_result([result for lane in written for result in lane.result()])
    except Exception as error:
        told.set_exception(error)  # pyright: ignore[reportArgumentType]
