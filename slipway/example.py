"""Real rows of the release's evaluation data, as a person would write them: what the page's form and
`slipway predict --example` send."""

from pathlib import Path
from typing import Any

import numpy as np

from slipway.errors import SlipwayError
from slipway.inventory import Inventory
from slipway.release import GOLDEN, load
from slipway.signature import CODES, NUMBERS, Category, Signature


def rows(folder: Path, signature: Signature) -> list[dict[str, Any]]:
    """The golden rows: values by feature name, or nested lists by tensor name where there are no features."""
    with np.load(folder / GOLDEN, allow_pickle=False) as golden:
        tensors = {tensor.name: golden[tensor.name] for tensor in signature.inputs}
    count = len(next(iter(tensors.values())))
    return [_written({name: tensor[row] for name, tensor in tensors.items()}, signature) for row in range(count)]


def example(folder: Path, signature: Signature) -> dict[str, Any]:
    """The first of them."""
    return rows(folder, signature)[0]


def _written(row: dict[str, np.ndarray], signature: Signature) -> dict[str, Any]:
    if not signature.features:
        return {name: values.tolist() for name, values in row.items()}
    codes = iter(row.get(CODES, []))
    numbers = iter(row.get(NUMBERS, []))
    return {
        feature.name: feature.values[int(next(codes))] if isinstance(feature, Category) else float(next(numbers))
        for feature in signature.features
    }


def served_example(inventory: Inventory) -> dict[str, Any]:
    """A row for the release that the local stack serves. Raises SlipwayError when it serves none."""
    if not inventory.release:
        raise SlipwayError("no release is served yet", hint="train one with `slipway train`, then `slipway promote`")
    folder = Path(inventory.release_folder)
    return example(folder, load(folder, inventory.release).signature)
