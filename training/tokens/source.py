"""Where tokens lie: in memory, in a file that is mapped and not read, or in a bucket. Opened from a path or a URL."""

import hashlib
from pathlib import Path
from typing import Protocol
from urllib.parse import urlparse
from urllib.request import url2pathname

import numpy as np

from slipway.errors import TrainingError
from slipway.store import open_store


class Tokens(Protocol):
    """A row of tokens, which may be longer than memory or disk."""

    def __len__(self) -> int: ...

    def part(self, start: int, stop: int) -> "Tokens":
        """The tokens from `start` up to `stop`, within bounds. Reads nothing."""
        ...

    def windows(self, starts: np.ndarray, length: int) -> np.ndarray:
        """A window of `length` tokens at each start, one a row. All lie within bounds. Raises TrainingError."""
        ...

    def digest(self) -> str:
        """sha256 that is another when the tokens are others."""
        ...


class ArrayTokens:
    """See Tokens. In memory, or mapped from a file."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def part(self, start: int, stop: int) -> "ArrayTokens":
        return ArrayTokens(self.array[start:stop])

    def windows(self, starts: np.ndarray, length: int) -> np.ndarray:
        return self.array[starts[:, None] + np.arange(length)]

    def digest(self) -> str:
        return hashlib.sha256(np.ascontiguousarray(self.array).data).hexdigest()


def open_tokens(place: str | Path) -> Tokens:
    """The tokens at a path or a URL (file, s3, gs, az); nothing but the head of it is read.

    Raises TrainingError when it is no token file or cannot be read, SlipwayError for a URL that names no store.
    """
    url = urlparse(str(place))
    if url.scheme and url.scheme != "file":
        from training.tokens.stored import StoredTokens

        folder, _, name = str(place).rpartition("/")
        return StoredTokens.open(open_store(folder), name, said=str(place))
    file = Path(url2pathname(url.path)) if url.scheme else Path(place)
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file} is no token file: {error}", hint="write one with numpy.save") from error
    check_tokens(str(file), array.shape, array.dtype)
    return ArrayTokens(array)


def check_tokens(said: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """said: path or URL. Raises TrainingError for what holds no tokens."""
    if len(shape) != 1 or dtype.kind != "u":
        raise TrainingError(f"{said} holds {dtype} of shape {shape}, not a row of unsigned integers")
