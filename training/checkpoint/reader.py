"""torch's StorageReader, on storage of our own: no byte reaches a tensor before its piece has been verified."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch.distributed.checkpoint.metadata import Metadata
from torch.distributed.checkpoint.planner import LoadPlan, LoadPlanner, ReadItem
from torch.distributed.checkpoint.storage import StorageReader

from training.checkpoint.layout import Broken, Manifest, Piece, as_metadata, dtype
from training.checkpoint.storage import Storage
from training.checkpoint.writer import THREADS


class Reader(StorageReader):
    """Of one checkpoint and one process."""

    def __init__(self, storage: Storage, folder: str, manifest: Manifest) -> None:
        self._storage, self._folder, self._manifest = storage, folder, manifest
        self._metadata = as_metadata(manifest)

    def reset(self, checkpoint_id: str | os.PathLike[str] | None = None) -> None:
        """Its folder was given already."""

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        return self._metadata

    def set_up_storage_reader(self, metadata: Metadata, is_coordinator: bool, *args: Any, **kwargs: Any) -> None:
        """Nothing: every process reads alike."""

    def prepare_local_plan(self, plan: LoadPlan) -> LoadPlan:
        return plan

    def prepare_global_plan(self, plans: list[LoadPlan]) -> list[LoadPlan]:
        return plans

    def read_data(self, plan: LoadPlan, planner: LoadPlanner) -> torch.futures.Future[None]:
        """Done when it returns: each piece is read once, however many places it goes to. Raises Broken,
        and OSError when the storage cannot be read, which says nothing of the checkpoint."""
        wanted: dict[Piece, list[ReadItem]] = {}
        for item in plan.items:
            wanted.setdefault(self._metadata.storage_data[item.storage_index], []).append(item)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="checkpoint") as pool:
            for _ in pool.map(lambda piece: self._read(piece, wanted[piece], planner), wanted):
                pass
        done: torch.futures.Future[None] = torch.futures.Future()
        done.set_result(None)
        return done

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: str | os.PathLike[str]) -> bool:
        return False

    @torch.no_grad()
    def _read(self, piece: Piece, items: Sequence[ReadItem], planner: LoadPlanner) -> None:
        if not piece.nbytes:
            return
        whole = self._manifest.tensors[piece.name]
        content = torch.frombuffer(self._verified(piece), dtype=dtype(whole)).view(piece.lengths)
        for item in items:
            part = content
            for dimension, (start, length) in enumerate(zip(item.storage_offsets, item.lengths, strict=True)):
                part = part.narrow(dimension, start, length)
            target = planner.resolve_tensor(item).detach()
            target.copy_(part)
            planner.commit_tensor(item, target)

    def _verified(self, piece: Piece) -> bytearray:
        name = f"{self._folder}/{piece.file}"
        try:
            found = self._storage.read(name, piece.at, piece.nbytes)
        except FileNotFoundError as error:
            raise Broken(f"{piece.file} is not there") from error
        if len(found) != piece.nbytes:
            raise Broken(f"{piece.file} ends before {piece.name} does")
        if hashlib.sha256(found).hexdigest() != piece.sha256:
            raise Broken(f"{piece.name} in {piece.file} does not have its hash")
        return found if isinstance(found, bytearray) else bytearray(found)
