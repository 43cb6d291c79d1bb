"""Where workers leave word for each other: a folder for those of one machine, torch's TCP store for several.

A folder needs nothing that listens, and a worker that is killed while it writes leaves it whole. torch's own file store
does not promise that, and it grows for as long as the run.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from torch.distributed import DistStoreError, Store, TCPStore  # pyright: ignore[reportPrivateImportUsage]

from training.rendezvous import RENDEZVOUS_FOLDER

_LOOK_S = 0.003
_REACHED_WITHIN = timedelta(seconds=60)
_LOCK = ".lock"
_UNFINISHED = ".unfinished-"


class FolderStore(Store):
    """A file a key, replaced whole. timeout_s: the longest that a key is waited for.

    give_up: asked while it waits; a reason ends the waiting. Raises DistStoreError when nothing came.
    """

    def __init__(self, folder: Path, *, timeout_s: float = 30.0) -> None:
        super().__init__()
        self._folder, self._timeout_s = folder, timeout_s
        self.give_up: Callable[[], str] = lambda: ""

    def set(self, key: str, value: str | bytes) -> None:
        descriptor, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, dir=self._folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_bytes(value))
        Path(unfinished).replace(self._path(key))

    def get(self, key: str) -> bytes:
        self.wait([key])
        return self._path(key).read_bytes()

    def compare_set(self, key: str, expected_value: str, desired_value: str) -> bytes:
        with self._alone():
            found = self._path(key).read_bytes() if self._path(key).exists() else b""
            if found == _bytes(expected_value):
                self.set(key, desired_value)
                return _bytes(desired_value)
        return found

    def add(self, key: str, value: int) -> int:
        with self._alone():
            found = int(self._path(key).read_bytes()) if self._path(key).exists() else 0
            self.set(key, str(found + value))
        return found + value

    def check(self, keys: list[str]) -> bool:
        return all(self._path(key).exists() for key in keys)

    def wait(self, keys: list[str], timeout: timedelta | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        limit_s = timeout.total_seconds() if timeout is not None else self._timeout_s
        deadline = time.monotonic() + limit_s
        while not self.check(keys):
            reason = self.give_up() or (f"nothing within {limit_s:.0f} s" if time.monotonic() > deadline else "")
            if reason:
                raise DistStoreError(f"waited for {', '.join(keys)}: {reason}")
            time.sleep(_LOOK_S)

    def delete_key(self, key: str) -> bool:
        is_there = self._path(key).exists()
        self._path(key).unlink(missing_ok=True)
        return is_there

    def num_keys(self) -> int:
        return sum(not path.name.startswith(".") for path in self._folder.iterdir())

    def set_timeout(self, timeout: timedelta) -> None:
        self._timeout_s = timeout.total_seconds()

    def _path(self, key: str) -> Path:
        return self._folder / quote(key, safe="")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else compares or adds meanwhile; the lock of one that is killed goes with it."""
        with (self._folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def meeting_store() -> Store:
    """The store that this process' launcher names: a folder, or who hosts torch's store among several machines. The
    worker with rank 0 there hosts it, and when it is gone all others must start again."""
    folder = os.environ.get(RENDEZVOUS_FOLDER)
    if folder:
        return FolderStore(Path(folder))
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    hosts = os.environ.get("RANK", "0") == "0"
    return TCPStore(host, port, is_master=hosts, wait_for_workers=False, timeout=_REACHED_WITHIN)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)
