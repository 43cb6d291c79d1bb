"""The task: its text, what it is asked, and how it is judged.

Without a token file it learns from what ships with Python itself: the language's documentation as `help()` shows it
(pydoc_data.topics, 0.7 MB, PSF licence), by bytes. It is small, so that anyone can train; it teaches no language.
"""

import functools
from itertools import pairwise
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
from torch import Tensor, nn

from slipway.errors import TrainingError
from slipway.signature import Signature
from slipway.signature import Tensor as Described
from training.config import Recipe
from training.measures import accuracy, log_loss
from training.parallel.plan import Plan
from training.task import Dataset
from training.tasks.lm.model import Decoder
from training.tasks.lm.plan import plan
from training.tasks.lm.shape import SIZES, Shape
from training.tokens import ArrayTokens, Tokens, encode, open_tokens, sequences

_HELD_BACK = 0.05  # of the text's end, half to watch and half to judge
_MOST_ROWS_JUDGED = 512


class LanguageModel:
    """shape: of the decoder. file: path or URL of tokens to learn from (training/tokens says how they lie), None for
    Python's documentation. A row is judged by the token that follows it, which has all of it as context."""

    name, version, watch = "lm", "1", "likelihood"

    def __init__(
        self, shape: Shape = SIZES["1m"], *, recipe: Recipe | None = None, file: str | Path | None = None
    ) -> None:
        self._shape, self._file = shape, file
        self.recipe = recipe or Recipe(epochs=2, batch_size=32, learning_rate=0.003, weight_decay=0.1)

    @property
    def signature(self) -> Signature:
        return Signature(
            inputs=(Described(name="tokens", dtype="INT64", shape=(-1, self._shape.context)),),
            outputs=(Described(name="probabilities", dtype="FP32", shape=(-1, self._shape.vocabulary)),),
        )

    @property
    def tokens_per_row(self) -> int:
        return self._shape.context

    @property
    def flops_per_row(self) -> float:
        return self._shape.flops_per_token * self._shape.context

    @property
    def plan(self) -> Plan:
        return plan(self._shape)

    def data(self, seed: int) -> Dataset:
        """In the order of the text: what is judged comes after all that was learnt from, whatever the seed."""
        tokens: Tokens = ArrayTokens(_documentation()) if self._file is None else open_tokens(self._file)
        later, latest = (int(len(tokens) * (1 - share)) for share in (_HELD_BACK, _HELD_BACK / 2))
        bounds = pairwise((0, later, latest, len(tokens)))
        context, vocabulary = self._shape.context, self._shape.vocabulary
        parts = (sequences(tokens.part(*bound), context=context, vocabulary=vocabulary) for bound in bounds)
        train, validation, evaluation = parts
        if not all(map(len, (train, validation, evaluation))):
            raise TrainingError(f"{len(tokens)} tokens are too few for rows of {context}")
        judged = [split.rows(slice(0, _MOST_ROWS_JUDGED)) for split in (validation, evaluation)]
        return Dataset(
            train=train,
            validation=judged[0],
            evaluation=judged[1],
            digest=tokens.digest(),
        )

    def model(self) -> nn.Module:
        return Decoder(self._shape)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Never asked: with a plan, the model is given the targets."""
        return nn.functional.cross_entropy(outputs, targets[:, -1])

    def answer(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(-1)

    def metrics(self, answers: Tensor, targets: Tensor) -> dict[str, float]:
        """likelihood: the mean probability of the right token, as a geometric mean; perplexity's inverse."""
        loss = log_loss(answers, targets[:, -1])
        return {"log_loss": loss, "accuracy": accuracy(answers, targets[:, -1]), "likelihood": float(np.exp(-loss))}


@functools.cache
def _documentation() -> np.ndarray:
    return encode([topics[name] for name in sorted(topics)])


TASK = LanguageModel()
LM_15M, LM_124M, LM_1B, LM_3B, LM_8B = (LanguageModel(SIZES[size]) for size in ("15m", "124m", "1b", "3b", "8b"))
