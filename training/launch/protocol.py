"""What a launcher is: it takes a job to where it runs, and tells how it fares. One protocol for every place.

Imports no torch. What the trainer does with a job is in training/run.py.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from slipway.errors import TrainingError
from training.config import TrainSettings
from training.outcome import TrainingResult


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One training job, wherever it runs.

    store_url: where the release goes. tracking_uri: MLflow, or None. work_folder: checkpoints and what is said while it
    runs; a job that is submitted again with the same settings and folder goes on from its last checkpoint.
    """

    settings: TrainSettings
    store_url: str
    tracking_uri: str | None
    work_folder: Path
    git_commit: str = ""

    def encode(self) -> bytes:
        return _JOB.dump_json(self, indent=2)


_JOB = TypeAdapter(JobSpec)


def read_job(file: Path) -> JobSpec:
    """The job in a file that a launcher wrote. Raises TrainingError when it is none."""
    try:
        return _JOB.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise TrainingError(f"{file} is no training job: {error}", hint="`slipway train` writes one") from error


class JobState(Enum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobHandle(Protocol):
    """A job that was submitted."""

    @property
    def state(self) -> JobState:
        """Where it stands now. Does not block."""
        ...

    def wait(self) -> TrainingResult:
        """Block until it has ended, and return what it made; again at once when it has. Preemptions are not an end.

        Raises TrainingError when it failed or was cancelled.
        """
        ...

    def cancel(self) -> None:
        """Stop it after a checkpoint. Blocks until nothing of it runs; does nothing when it has ended."""
        ...


class Launcher(Protocol):
    def submit(self, job: JobSpec) -> JobHandle:
        """Start the job. Returns once it is accepted, not once it has run.

        Not idempotent: each call is a new start, from the last checkpoint if there is one. Raises TrainingError when
        the job cannot be accepted, or the same work folder is in use.
        """
        ...
