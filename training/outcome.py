"""How a run ended, as a file: torchrun's own exit code says only that a worker failed.

Imports no torch: launchers read it.
"""

import os
from pathlib import Path
from typing import Literal

import msgspec

OUTCOME = "outcome.json"


class TrainingResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a finished run made.

    name and digest: of the release. metrics: on the evaluation data. epochs: judged; best_epoch: the one released.
    seconds: from the trainer's start to the release, this start alone when the run was resumed.
    """

    name: str
    digest: str
    metrics: dict[str, float]
    epochs: int
    best_epoch: int
    seconds: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """preempted: a checkpoint was written, start again to go on. message and hint: of a failure, for a person."""

    state: Literal["succeeded", "preempted", "failed"]
    result: TrainingResult | None = None
    message: str = ""
    hint: str = ""


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Replace the outcome whole."""
    staging = folder / f".{OUTCOME}-{os.getpid()}"  # several workers may say how it ended
    staging.write_bytes(msgspec.json.encode(outcome))
    staging.replace(folder / OUTCOME)


def read_outcome(folder: Path) -> Outcome | None:
    """The outcome, or None when the run said nothing: it was killed, or failed in a way it did not foresee."""
    try:
        return msgspec.json.decode((folder / OUTCOME).read_bytes(), type=Outcome)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
