"""Checkpoints that are whole or not there: what a run needs to go on as if it had never stopped.

`<folder>/step-000000123/` holds `state.pt` and `manifest.json` with its hash. It is written beside, brought to disk
and renamed, so a crash leaves the one before. Tensors and plain values only: loading never runs code.
Sharded checkpoints of models larger than one process' memory are not here.
"""

import hashlib
import io
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import torch

from slipway.errors import TrainingError

_PREFIX = "step-"
_STATE = "state.pt"
_MANIFEST = "manifest.json"
_UNFINISHED = ".unfinished-"


class _Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    step: int
    sha256: str


class Checkpoints:
    """The checkpoints of one run. keep_last: older ones go once a newer one is whole. warn: told of broken ones."""

    def __init__(self, folder: Path, *, keep_last: int, warn: Callable[[str], None] = warnings.warn) -> None:
        self._folder, self._keep_last, self._warn = folder, keep_last, warn

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Write the state after `step` steps. Blocks until it is on disk.

        Raises TrainingError when the folder cannot take it; the checkpoints before it stay.
        """
        try:
            self._write(step, state)
        except OSError as error:
            raise TrainingError(
                f"no checkpoint could be written to {self._folder}: {error.strerror or error}",
                hint="free space there, then train again: it goes on from the last checkpoint",
            ) from error

    def newest(self) -> int | None:
        """The step of the newest checkpoint that verifies, or None when there never was one.

        A broken one is named in a warning and left out. Raises TrainingError when all are broken: starting anew would
        hide that work was lost.
        """
        steps = self._steps()
        for step in reversed(steps):
            if self._verifies(step):
                return step
            self._warn(f"checkpoint {self._path(step)} is broken and left out")
        if steps:
            raise TrainingError(
                f"none of the {len(steps)} checkpoints in {self._folder} verifies",
                hint="delete that folder to start anew",
            )
        return None

    def load(self, step: int, device: torch.device) -> dict[str, Any]:
        """The state that was saved after `step` steps, its tensors on `device`."""
        return torch.load(self._path(step) / _STATE, map_location=device, weights_only=True)

    def clear(self) -> None:
        """Delete them all: the run has ended and its release holds what it made."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, step: int, state: Mapping[str, Any]) -> None:
        buffer = io.BytesIO()  # torch reports a full disk as a RuntimeError without the reason, so Python writes
        torch.save(dict(state), buffer)
        content = buffer.getbuffer()
        manifest = _Manifest(step=step, sha256=hashlib.sha256(content).hexdigest())

        self._folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._folder))
        try:
            _write_through(staging / _STATE, content)
            _write_through(staging / _MANIFEST, msgspec.json.encode(manifest))
            _sync_folder(staging)
            shutil.rmtree(self._path(step), ignore_errors=True)  # the same state, or broken
            staging.rename(self._path(step))
            _sync_folder(self._folder)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        self._prune()

    def _prune(self) -> None:
        for step in self._steps()[: -self._keep_last]:
            shutil.rmtree(self._path(step), ignore_errors=True)
        for left_by_a_crash in self._folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left_by_a_crash, ignore_errors=True)

    def _verifies(self, step: int) -> bool:
        try:
            manifest = msgspec.json.decode((self._path(step) / _MANIFEST).read_bytes(), type=_Manifest)
            with (self._path(step) / _STATE).open("rb") as state:
                return manifest.step == step and hashlib.file_digest(state, "sha256").hexdigest() == manifest.sha256
        except (OSError, msgspec.DecodeError):
            return False

    def _steps(self) -> list[int]:
        names = (path.name.removeprefix(_PREFIX) for path in self._folder.glob(f"{_PREFIX}*"))
        return sorted(int(name) for name in names if name.isdecimal())

    def _path(self, step: int) -> Path:
        return self._folder / f"{_PREFIX}{step:09d}"


def _write_through(file: Path, content: bytes | memoryview) -> None:
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to disk; without it a crash may lose a rename that was done."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
