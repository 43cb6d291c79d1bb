"""The work folder of a job on this machine: one launcher at a time, the job as its workers read it, their log, and what
both say of how it ended."""

import fcntl
from pathlib import Path
from typing import IO

from slipway.errors import TrainingError
from training.launch.protocol import JobSpec
from training.outcome import Outcome, TrainingResult

JOB = "job.json"
LOG = "training.log"
MEETING = "meeting"
"""The folder where workers meet, within the work folder."""
_LOCK = ".lock"
_TAIL_BYTES = 8192


def claim(job: JobSpec) -> IO[str]:
    """Make the folder ready for this job; nobody else gets it until what is returned is closed, here and in every
    process that it was passed to.

    Raises TrainingError when another job uses the work folder, or it cannot be written.
    """
    folder, lock = job.work_folder, alone_in(job.work_folder)
    try:
        (folder / JOB).unlink(missing_ok=True)
        (folder / JOB).touch(mode=0o600)  # a tracking URI may hold a password
        (folder / JOB).write_bytes(job.encode())
        (folder / LOG).write_text("")
    except OSError as error:
        lock.close()
        raise _unusable(folder, error) from error
    return lock


def alone_in(folder: Path) -> IO[str]:
    """Make the folder; nobody else gets it until what is returned is closed, here and in every process that it was
    passed to.

    Raises TrainingError when somebody has it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TrainingError(
            f"another training uses {folder}", hint="wait until it has ended, or stop it with Ctrl-C"
        ) from error
    except OSError as error:
        raise _unusable(folder, error) from error
    return lock


def conclude(job: JobSpec, outcome: Outcome | None, *, was_cancelled: bool) -> TrainingResult:
    """What a job that has ended made. Raises TrainingError with why it made nothing."""
    log = job.work_folder / LOG
    if outcome is not None and outcome.result is not None:
        return outcome.result
    if was_cancelled:
        raise TrainingError("training was stopped", hint="train again: it goes on from its last checkpoint")
    if outcome is None:
        raise TrainingError(f"training ended without a word: {_first_error(log)}", hint=f"all it said is in {log}")
    if outcome.state == "preempted":
        starts = job.settings.preemption.retries + 1
        raise TrainingError(f"training was preempted {starts} times", hint="train again: it goes on from there")
    raise TrainingError(outcome.message, hint=outcome.hint or f"all it said is in {log}")


def _unusable(folder: Path, error: OSError) -> TrainingError:
    return TrainingError(
        f"the work folder {folder} cannot be used: {error.strerror}", hint="free space there, or choose another"
    )


def _first_error(log: Path) -> str:
    """The first line at the log's end that looks like an exception: torchrun's own summary follows it."""
    tail = log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").splitlines()
    errors = [line for line in tail if "Error" in line and not line.startswith((" ", "torch.distributed.elastic"))]
    return errors[0] if errors else "no error was logged"
