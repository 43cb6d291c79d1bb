"""Where checkpoints lie: a local folder, whose files are brought to disk, or a bucket. Names are `folder/file`.

Everything that goes wrong there is an OSError; a file that is not there, and only that, a FileNotFoundError.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlparse
from urllib.request import url2pathname

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from slipway.store import open_store

CHECKPOINTS = "SLIPWAY_CHECKPOINTS"
"""Set where the work folder goes with the machine, as a pod's does (infra/kubernetes/job.py)."""

_UNFINISHED = ".unfinished"


class Storage(Protocol):
    look_s: float
    """Seconds between two looks for what another process writes."""

    def write(self, name: str, content: memoryview) -> None:
        """Durable when it returns; of a write that fails, part may be there."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Durable when it returns, and there whole or not at all."""
        ...

    def read(self, name: str, at: int = 0, nbytes: int | None = None) -> bytes | bytearray | memoryview:
        """nbytes: None is to the end. Fewer come back where the file is shorter."""
        ...

    def folders(self) -> list[str]: ...

    def files(self, folder: str) -> list[str]: ...

    def delete(self, folder: str, files: Iterable[str] | None = None) -> None:
        """None is the folder and all in it. What is not there is no error."""
        ...


class Folder:
    look_s = 0.02

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def write(self, name: str, content: memoryview) -> None:
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb", buffering=0) as file:
            while content:
                content = content[file.write(content) :]
            os.fsync(file.fileno())

    def put(self, name: str, content: bytes) -> None:
        path = self._path / name
        unfinished = f"{name}{_UNFINISHED}"
        self.write(unfinished, memoryview(content))
        _sync(path.parent)  # the names of the files that it speaks of come first
        (self._path / unfinished).replace(path)
        _sync(path.parent)
        _sync(self._path)

    def read(self, name: str, at: int = 0, nbytes: int | None = None) -> bytes | bytearray:
        with (self._path / name).open("rb", buffering=0) as file:
            file.seek(at)
            if nbytes is None:
                return file.read()
            content = bytearray(nbytes)
            rest = memoryview(content)
            while rest and (count := file.readinto(rest)):
                rest = rest[count:]
            return content if not rest else content[: nbytes - len(rest)]

    def folders(self) -> list[str]:
        return [path.name for path in self._path.iterdir() if path.is_dir()] if self._path.exists() else []

    def files(self, folder: str) -> list[str]:
        path = self._path / folder
        return [each.name for each in path.iterdir()] if path.exists() else []

    def delete(self, folder: str, files: Iterable[str] | None = None) -> None:
        if files is None:
            shutil.rmtree(self._path / folder, ignore_errors=True)
        for file in files or ():
            (self._path / folder / file).unlink(missing_ok=True)


class Bucket:
    """Under the store's own prefix. What a put returns from is durable there, and whole."""

    look_s = 0.5

    def __init__(self, store: ObjectStore, *, name: str) -> None:
        self._store, self._name = store, name

    def __str__(self) -> str:
        return self._name

    def write(self, name: str, content: memoryview) -> None:
        with _told():
            obstore.put(self._store, name, content)

    def put(self, name: str, content: bytes) -> None:
        with _told():
            obstore.put(self._store, name, content)

    def read(self, name: str, at: int = 0, nbytes: int | None = None) -> memoryview | bytes:
        with _told():
            if nbytes is None:
                return memoryview(obstore.get(self._store, name).bytes())
            if not nbytes:
                return b""
            try:
                return memoryview(obstore.get_range(self._store, name, start=at, length=nbytes))
            except BaseError:
                if obstore.head(self._store, name)["size"] > at:
                    raise
                return b""  # a range that begins behind the end is an error like any other there

    def folders(self) -> list[str]:
        with _told():
            found = obstore.list_with_delimiter(self._store)
            return [prefix.rstrip("/").rpartition("/")[2] for prefix in found["common_prefixes"]]

    def files(self, folder: str) -> list[str]:
        with _told():
            return [each["path"].rpartition("/")[2] for page in obstore.list(self._store, folder) for each in page]

    def delete(self, folder: str, files: Iterable[str] | None = None) -> None:
        with _told():
            for file in self.files(folder) if files is None else files:
                with suppress(FileNotFoundError):
                    obstore.delete(self._store, f"{folder}/{file}")


def storage(folder: Path, url: str = "", *, environment: Mapping[str, str] = os.environ) -> Storage:
    """The bucket at `url`, under the folder's own name there; when it is empty, at the one that whoever started the
    process names; else the folder itself.

    Raises SlipwayError for a URL that names no store.
    """
    url = url or environment.get(CHECKPOINTS, "")
    if not url:
        return Folder(folder)
    if urlparse(url).scheme == "file":
        return Folder(Path(url2pathname(urlparse(url).path)) / folder.name)
    place = f"{url.rstrip('/')}/{folder.name}"
    return Bucket(open_store(place), name=place)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        raise OSError(str(error)) from error


def _sync(folder: Path) -> None:
    """Bring the names in a folder to disk; without it a crash may lose a rename that was done."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
