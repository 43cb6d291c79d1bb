"""What a model takes and gives: the part of a release that checks a request before any arithmetic.

A model with named features takes them packed into two tensors: `codes` (INT64, one column per category, the index of
the value in `Category.values`) and `numbers` (FP32, one column per number), each in the order of `features`. A model
without features takes its tensors as they are (images, token ids).
"""

from typing import Literal

import msgspec

CODES = "codes"
NUMBERS = "numbers"


class Tensor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """name, dtype as the Open Inference Protocol spells it, shape with -1 for the batch, which comes first."""

    name: str
    dtype: Literal["FP32", "INT64"]
    shape: tuple[int, ...]


class Category(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="category"):
    """A feature with a closed list of values; a value's code is its index."""

    name: str
    values: tuple[str, ...]
    description: str = ""


class Number(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="number"):
    """A finite number between minimum and maximum, both included; no silent clamping."""

    name: str
    minimum: float
    maximum: float
    description: str = ""


Feature = Category | Number


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """inputs and outputs are the ONNX graph's own; labels name the columns of the first output, when it has classes."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    features: tuple[Feature, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def categories(self) -> tuple[Category, ...]:
        return tuple(f for f in self.features if isinstance(f, Category))

    @property
    def numbers(self) -> tuple[Number, ...]:
        return tuple(f for f in self.features if isinstance(f, Number))


def tabular(features: tuple[Feature, ...], labels: tuple[str, ...]) -> Signature:
    """The signature of a classifier over named features: packed codes and numbers in, one probability a label out."""
    categories = sum(isinstance(f, Category) for f in features)
    packed = (
        Tensor(name=CODES, dtype="INT64", shape=(-1, categories)),
        Tensor(name=NUMBERS, dtype="FP32", shape=(-1, len(features) - categories)),
    )
    return Signature(
        inputs=tuple(t for t in packed if t.shape[1]),
        outputs=(Tensor(name="probabilities", dtype="FP32", shape=(-1, len(labels))),),
        features=features,
        labels=labels,
    )
