"""Checkpoints of a small state, saved and resumed by one process."""

import math
from typing import Any

import torch

from training.checkpoint import Checkpoints, Keep
from training.checkpoint.layout import Manifest
from training.checkpoint.storage import Storage
from training.mesh import Mesh

ALONE = Mesh(rank=0, size=1, device=torch.device("cpu"))


def state(value: int) -> dict[str, Any]:
    return {
        "step": value,
        "history": [{"loss": 0.5}],
        "watch": {"best": -math.inf},
        "learner": {
            "model": {"weights": torch.full((4, 3), value), "bias": torch.full((3,), value / 7, dtype=torch.bfloat16)},
            "optimizer": {"weights": {"step": torch.tensor(float(value))}},
            "average": {"updates": value},
        },
    }


def blank(_manifest: Manifest) -> dict[str, Any]:
    return state(0)


class Kept:
    """Checkpoints, and what they warned of."""

    def __init__(self, place: Storage, keep: Keep | None = None) -> None:
        self.warnings: list[str] = []
        self.checkpoints = Checkpoints(place, keep=keep, warn=self.warnings.append)

    def save(self, *steps: int, figures: dict[int, float] | None = None) -> None:
        for step in steps:
            self.checkpoints.save(step, state(step), mesh=ALONE, figure=(figures or {}).get(step))
            self.checkpoints.finish(mesh=ALONE)

    def resume(self) -> int | None:
        """The step that is resumed from."""
        found = self.checkpoints.resume(blank, mesh=ALONE)
        return None if found is None else found["step"]
