"""Rows of a token file, as a split that a task may return. Imports torch; where tokens lie is source.py's."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.task import Split
from training.tokens.source import ArrayTokens, Tokens


@dataclass(frozen=True, kw_only=True)
class Sequences(Split):
    """Rows of `context` tokens, and for each the token that follows. inputs and targets only say what rows are like."""

    tokens: Tokens
    context: int
    device: torch.device

    @property
    def is_read(self) -> bool:
        return True

    def rows(self, index: Tensor | slice) -> Split:
        """On the device, by memory that it can fetch from by itself."""
        chosen = torch.arange(len(self))[index] if isinstance(index, slice) else index.cpu()
        windows = self.tokens.windows(chosen.numpy() * self.context, self.context + 1)
        tokens = torch.from_numpy(windows.astype(np.int64))
        if self.device.type == "cuda":
            tokens = tokens.pin_memory().to(self.device, non_blocking=True)
        return Split(inputs={"tokens": tokens[:, :-1].contiguous()}, targets=tokens[:, 1:].contiguous())

    def to(self, device: torch.device) -> "Sequences":
        return sequences(self.tokens, context=self.context, device=device)


def sequences(tokens: Tokens | np.ndarray, *, context: int, device: torch.device | None = None) -> Sequences:
    """All whole rows of these tokens, each followed by one more."""
    like = torch.empty(max(0, (len(tokens) - 1) // context), context, dtype=torch.int64, device="meta")
    return Sequences(
        inputs={"tokens": like},
        targets=like,
        tokens=ArrayTokens(tokens) if isinstance(tokens, np.ndarray) else tokens,
        context=context,
        device=device or torch.device("cpu"),
    )
