"""Text as tokens that lie in a file, read by memory map: rows are cut from it as steps want them.

A token file is a one-dimensional .npy of unsigned integers, documents one behind the other with a separator between
them: packed, so that no token is padding. Rows are its even cuts; a row may hold the end of one document and the start
of another, and attention does not stop at the separator.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from slipway.errors import TrainingError
from training.task import Split

SEPARATOR = 0
"""A byte that text has none of."""


def encode(documents: list[str]) -> np.ndarray:
    """The byte tokenizer: UTF-8, each document ended by the separator."""
    return np.frombuffer(b"".join(document.encode() + bytes([SEPARATOR]) for document in documents), dtype=np.uint8)


def open_tokens(file: Path) -> np.ndarray:
    """The tokens of a file, mapped and not read. Raises TrainingError when it is no token file."""
    try:
        tokens = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file} is no token file: {error}", hint="write one with numpy.save") from error
    if tokens.ndim != 1 or tokens.dtype.kind != "u":
        raise TrainingError(f"{file} holds {tokens.dtype} of shape {tokens.shape}, not a row of unsigned integers")
    return tokens


@dataclass(frozen=True, kw_only=True)
class Sequences(Split):
    """Rows of `context` tokens, and for each the token that follows. inputs and targets only say what rows are like."""

    tokens: np.ndarray
    context: int
    device: torch.device

    @property
    def is_read(self) -> bool:
        return True

    def rows(self, index: Tensor | slice) -> Split:
        """On the device, by memory that it can fetch from by itself."""
        chosen = torch.arange(len(self))[index] if isinstance(index, slice) else index.cpu()
        places = chosen.numpy()[:, None] * self.context + np.arange(self.context + 1)
        tokens = torch.from_numpy(self.tokens[places].astype(np.int64))
        if self.device.type == "cuda":
            tokens = tokens.pin_memory().to(self.device, non_blocking=True)
        return Split(inputs={"tokens": tokens[:, :-1].contiguous()}, targets=tokens[:, 1:].contiguous())

    def to(self, device: torch.device) -> "Sequences":
        return sequences(self.tokens, context=self.context, device=device)


def sequences(tokens: np.ndarray, *, context: int, device: torch.device | None = None) -> Sequences:
    """All whole rows of these tokens, each followed by one more."""
    like = torch.empty(max(0, (len(tokens) - 1) // context), context, dtype=torch.int64, device="meta")
    return Sequences(
        inputs={"tokens": like}, targets=like, tokens=tokens, context=context, device=device or torch.device("cpu")
    )
