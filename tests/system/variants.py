"""Other releases of the model that a platform serves, made without training."""

import shutil
from pathlib import Path

import msgspec
import numpy as np

from slipway.catalogue import resolve
from slipway.release import GOLDEN, MANIFEST, hashes, publish
from slipway.store import open_store
from tests.system.platform import Platform


def newer_version(platform: Platform, folder: Path) -> str:
    """The served model under another version: other content, so another digest."""
    return _publish(platform, _copy(platform, folder))


def that_answers_differently(platform: Platform, folder: Path) -> str:
    """The served model with golden rows that its trainer never said: no replica of it may become ready."""
    copy = _copy(platform, folder)
    with np.load(copy / GOLDEN, allow_pickle=False) as golden:
        rows = dict(golden)
    np.savez(copy / GOLDEN, allow_pickle=False, **(rows | {"answers": 1 - rows["answers"]}))
    return _publish(platform, copy)


def _copy(platform: Platform, folder: Path) -> Path:
    shutil.copytree(platform.inventory.release_folder, folder)
    (folder / MANIFEST).unlink()
    return folder


def _publish(platform: Platform, folder: Path) -> str:
    served = platform.inventory
    changed = msgspec.structs.replace(
        resolve(platform.state, served.release), version=folder.name, files=dict(hashes(folder))
    )
    return publish(open_store(served.store), folder, changed).digest
