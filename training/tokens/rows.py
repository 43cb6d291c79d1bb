"""Rows of a token file, as a split that a task may return. Imports torch; where tokens lie is source.py's."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from slipway.errors import TrainingError
from training.task import Split
from training.tokens.source import ArrayTokens, Tokens


@dataclass(frozen=True, kw_only=True)
class Sequences(Split):
    """Rows of `context` tokens, and for each the token that follows. inputs and targets only say what rows are like.
    vocabulary: of the model, which a row may not go beyond; None is not looked at."""

    tokens: Tokens
    context: int
    vocabulary: int | None
    device: torch.device

    @property
    def is_read(self) -> bool:
        return True

    def rows(self, index: Tensor | slice) -> Split:
        """On the device, by memory that it can fetch from by itself.

        Raises TrainingError for a token that the model has not: on a GPU nothing else would say which.
        """
        chosen = torch.arange(len(self))[index] if isinstance(index, slice) else index.cpu()
        windows = self.tokens.windows(chosen.numpy() * self.context, self.context + 1)
        if self.vocabulary is not None and windows.size and (largest := int(windows.max())) >= self.vocabulary:
            raise TrainingError(
                f"the text holds the token {largest}, and the model has {self.vocabulary}",
                hint="give the shape the vocabulary of the tokenizer",
            )
        tokens = torch.from_numpy(windows.astype(np.int64))
        if self.device.type == "cuda":
            tokens = tokens.pin_memory().to(self.device, non_blocking=True)
        return Split(inputs={"tokens": tokens[:, :-1].contiguous()}, targets=tokens[:, 1:].contiguous())

    def to(self, device: torch.device) -> "Sequences":
        return replace(self, device=device)


def sequences(
    tokens: Tokens | np.ndarray, *, context: int, vocabulary: int | None = None, device: torch.device | None = None
) -> Sequences:
    """All whole rows of these tokens, each followed by one more. See Sequences."""
    like = torch.empty(max(0, (len(tokens) - 1) // context), context, dtype=torch.int64, device="meta")
    return Sequences(
        inputs={"tokens": like},
        targets=like,
        tokens=ArrayTokens(tokens) if isinstance(tokens, np.ndarray) else tokens,
        context=context,
        vocabulary=vocabulary,
        device=device or torch.device("cpu"),
    )
