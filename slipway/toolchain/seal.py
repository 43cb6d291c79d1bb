"""A folder of tools in the cache that is whole or absent: made beside its place, sealed with hashes, then renamed."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from slipway.release import sha256

_SEAL = "seal.json"


def make_once(folder: Path, fill: Callable[[Path], None]) -> None:
    """Have `folder` whole: `fill` gets an empty folder, which takes that place when `fill` ends well.

    One maker at a time, whatever the clone. Blocks while another is at it, and takes what that one made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_whole(folder):
            return
        for left in folder.parent.glob(f".{folder.name}-*"):  # of a maker that was killed
            shutil.rmtree(left, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            fill(staging)
            seal = {file.name: sha256(file) for file in sorted(staging.iterdir())}
            (staging / _SEAL).write_bytes(msgspec.json.encode(seal))
            shutil.rmtree(folder, ignore_errors=True)
            staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def is_whole(folder: Path) -> bool:
    """Whether every file of a sealed folder is as it was made."""
    try:
        seal = msgspec.json.decode((folder / _SEAL).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return False
    return bool(seal) and all((folder / name).is_file() and sha256(folder / name) == h for name, h in seal.items())
