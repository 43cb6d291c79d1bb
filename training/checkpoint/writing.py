"""One checkpoint on its way to being whole, while training goes on.

A process that has written its files leaves a note of them beside; the one that leads waits for the notes of all, writes
the metadata and takes the notes away. They meet in the storage, not in a process group: a group may end with any of its
processes, and belongs to the steps.
"""

import threading
import time
from collections.abc import Callable, Iterable

import msgspec
import torch
from torch.distributed.checkpoint.metadata import MetadataIndex
from torch.distributed.checkpoint.storage import WriteResult

from training.checkpoint.layout import METADATA, Piece
from training.checkpoint.storage import Storage

_NOTE = ".note-"


def new_attempt() -> str:
    """A name for one try to write a step, which all its files end in; a later one sorts behind."""
    return f"{time.time_ns():016x}"


def is_left_over(file: str, attempt: str) -> bool:
    """Whether nothing refers to a file once the metadata of that attempt is there."""
    of = file.rpartition("-")[2]
    return file != METADATA and (of < attempt or file.startswith(_NOTE)) and of <= attempt


class _GoneError(Exception):
    """A process went before it had written its part."""


class Writing:
    """results: of this process. finish: called by the leading process once all have written. error: what went
    wrong. is_abandoned: whether another process went before it had written."""

    def __init__(
        self,
        storage: Storage,
        folder: str,
        *,
        attempt: str,
        rank: int,
        size: int,
        results: torch.futures.Future[list[WriteResult]],
        finish: Callable[[list[list[WriteResult]]], None],
    ) -> None:
        self._storage, self._folder, self._attempt, self._rank, self._size = storage, folder, attempt, rank, size
        self._results, self._finish = results, finish
        self._is_own_done, self._is_done, self._is_last_look = (threading.Event() for _ in range(3))
        self.error, self.is_abandoned = "", False
        # a daemon: a process that ends leaves an unfinished checkpoint, which nobody takes for a whole one
        threading.Thread(target=self._work, name="checkpoint", daemon=True).start()

    def wait_for_own(self) -> None:
        """Until this process has written what is its to write, or failed to."""
        self._is_own_done.wait()

    def wait(self, timeout_s: float | None = None) -> None:
        """Until there is nothing more to do for this process: of the one that leads, until the checkpoint is whole."""
        self._is_done.wait(timeout_s)

    def last_look(self) -> None:
        """Whoever still lives has written: do not wait for others."""
        self._is_last_look.set()

    def _work(self) -> None:
        try:
            mine = self._results.wait()
            if self._rank:
                note = msgspec.json.encode([result.storage_data for result in mine])
                self._storage.put(f"{self._folder}/{self._note(self._rank)}", note)
            self._is_own_done.set()
            if self._rank == 0:
                self._finish([mine, *self._of_others()])
        except _GoneError:
            self.is_abandoned = True
        except OSError as error:
            self.error = error.strerror or str(error)
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
        finally:
            self._is_own_done.set()
            self._is_done.set()

    def _of_others(self) -> Iterable[list[WriteResult]]:
        missing = {self._note(rank) for rank in range(1, self._size)}
        while missing:
            is_last = self._is_last_look.is_set()
            for note in missing & {*self._storage.files(self._folder)}:
                pieces = msgspec.json.decode(self._storage.read(f"{self._folder}/{note}"), type=list[Piece])
                missing.remove(note)
                yield [WriteResult(MetadataIndex(piece.name, piece.offset), piece.nbytes, piece) for piece in pieces]
            if missing and is_last:
                raise _GoneError
            if missing:
                self._is_last_look.wait(self._storage.look_s)

    def _note(self, rank: int) -> str:
        return f"{_NOTE}{rank:05d}-{self._attempt}"
