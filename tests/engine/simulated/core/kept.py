"""What is slow to read out of a published package, kept in the cache of built tools; safe to delete."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from slipway.paths import cache


class Kept:
    """Of one package. reader: the file that reads it, since another reader may read otherwise."""

    def __init__(self, package: str, reader: str) -> None:
        read_by = hashlib.sha256(Path(reader).read_bytes()).hexdigest()[:8]
        self._folder = cache() / "simulated" / f"{package}-{version(package)}-{read_by}"

    def get(self, name: str, read: Callable[[], bytes | None]) -> bytes | None:
        """What `read` gives, read once; None is not kept."""
        file = self._folder / f"{name}.json"
        if file.exists():
            return file.read_bytes()
        content = read()
        if content is not None:
            self._write(file, content)
        return content

    def _write(self, file: Path, content: bytes) -> None:
        """Whole or not at all: several providers may read the same for the first time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(name).rename(file)
