"""What the rival servers share: the release under test, and features packed as their users would pack them."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from slipway.release import Release, load
from slipway.signature import CODES, NUMBERS, Signature

MAX_BATCH = 64


def release() -> tuple[Path, Release]:
    folder = Path(os.environ["SLIPWAY_RELEASE"])
    return folder, load(folder, os.environ["SLIPWAY_RELEASE_DIGEST"])


def port() -> int:
    return int(os.environ["PORT"])


class Packer:
    """Rows with names to the model's two tensors, unchecked."""

    def __init__(self, signature: Signature) -> None:
        self._tables = [(c.name, {value: code for code, value in enumerate(c.values)}) for c in signature.categories]
        self._numbers = [number.name for number in signature.numbers]

    def pack(self, rows: Iterable[dict[str, Any]]) -> dict[str, np.ndarray]:
        rows = list(rows)
        return {
            CODES: np.array([[table[row[name]] for name, table in self._tables] for row in rows], np.int64),
            NUMBERS: np.array([[row[name] for name in self._numbers] for row in rows], np.float32),
        }
