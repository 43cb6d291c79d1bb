"""A token file that stays in its bucket: a step's rows are read by ranges, and nothing is kept on disk.

Read by ranges and not fetched once to a local cache, because it is the one way that also serves a file larger than the
disk, on a node that was empty a minute ago; and the simpler, since there is no cache to fill, share between processes,
verify and clear. It costs a request a row, some tens of milliseconds beside each other, and the rows are read a step
ahead (training/data.py), so that training waits only where a step is shorter than that. Models with short steps train
faster from a file that was copied to the disk before.

The object's etag is asked for with every range: an object that is replaced while it is read ends the run, and no row is
ever of another version. Its content is not hashed, since that would read all of it.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import obstore
from numpy.lib import format as npy
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import ObjectStore

from slipway.errors import TrainingError
from training.tokens.source import check_tokens

_HEAD_BYTES = 65_536
"""More than the longest header that a version 1 file may have."""

_AT_ONCE = 32
_READERS = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="tokens")
"""Of this process; its threads start with the first read."""


@dataclass(frozen=True, kw_only=True)
class StoredTokens:
    """See Tokens. said: the URL, for messages. offset: bytes before the first of these `count` tokens."""

    store: ObjectStore
    path: str
    said: str
    etag: str
    bytes_in_all: int
    dtype: np.dtype
    offset: int
    count: int

    @classmethod
    def open(cls, store: ObjectStore, path: str, *, said: str) -> "StoredTokens":
        """Reads the head only. Raises TrainingError when there is no such object, or it is no token file."""
        try:
            got = obstore.get(store, path, options={"range": (0, _HEAD_BYTES)})
            etag, size, head = got.meta["e_tag"], got.meta["size"], BytesIO(bytes(got.bytes()))
        except (BaseError, OSError) as error:
            raise _unreadable(said, error) from error
        try:
            version = npy.read_magic(head)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(head)
        except ValueError as error:
            raise TrainingError(f"{said} is no token file: {error}", hint="write one with numpy.save") from error
        check_tokens(said, shape, dtype)
        expected = head.tell() + shape[0] * dtype.itemsize
        if size != expected:
            raise TrainingError(f"{said} has {size} bytes of the {expected} that its head tells", hint="upload it anew")
        if not etag:
            raise TrainingError(f"the store gives {said} no etag, so nobody could tell if it changed")
        return cls(
            store=store,
            path=path,
            said=said,
            etag=etag,
            bytes_in_all=size,
            dtype=dtype,
            offset=head.tell(),
            count=shape[0],
        )

    def __len__(self) -> int:
        return self.count

    def part(self, start: int, stop: int) -> "StoredTokens":
        return replace(self, offset=self.offset + start * self.dtype.itemsize, count=stop - start)

    def windows(self, starts: np.ndarray, length: int) -> np.ndarray:
        """Windows that touch are read as one; the others beside each other."""
        found = np.empty((len(starts), length), dtype=self.dtype)

        def fill(run: np.ndarray) -> None:
            first = int(starts[run[0]])
            tokens = self._read(first, int(starts[run[-1]]) + length)
            for at in run:
                found[at] = tokens[starts[at] - first :][:length]

        _each(fill, runs(starts, length))
        return found

    def digest(self) -> str:
        """Of etag and size: a copy in another place, or uploaded in other parts, counts as other tokens."""
        return hashlib.sha256(f"{self.etag}/{self.bytes_in_all}/{self.offset}/{self.count}".encode()).hexdigest()

    def _read(self, start: int, stop: int) -> np.ndarray:
        bounds = tuple(self.offset + at * self.dtype.itemsize for at in (start, stop))
        try:
            got = obstore.get(self.store, self.path, options={"range": (bounds[0], bounds[1]), "if_match": self.etag})
            tokens = np.frombuffer(memoryview(got.bytes()), dtype=self.dtype)
        except PreconditionError as error:
            raise TrainingError(
                f"{self.said} was replaced while it was read", hint="give new tokens a new name, and train anew"
            ) from error
        except (BaseError, OSError) as error:
            raise _unreadable(self.said, error) from error
        return tokens


def runs(starts: np.ndarray, length: int) -> list[np.ndarray]:
    """Places in `starts`, in ascending order of the starts, parted where windows of `length` do not touch."""
    if not len(starts):
        return []
    order = np.argsort(starts, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(starts[order]) > length) + 1)


def _each(work: Callable[[np.ndarray], None], parts: list[np.ndarray]) -> None:
    for _ in _READERS.map(work, parts):
        """Each result is asked for, so that what went wrong in a thread is raised here."""


def _unreadable(said: str, error: Exception) -> TrainingError:
    reason = str(error).partition("\n")[0]
    return TrainingError(f"{said} cannot be read: {reason}", hint="look at its name, the network and who may read it")
