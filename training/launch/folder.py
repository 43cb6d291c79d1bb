"""The work folder of a job on this machine: one launcher at a time, the job as its workers read it, and their log."""

import fcntl
from typing import IO

from slipway.errors import TrainingError
from training.launch.protocol import JobSpec

JOB = "job.json"
LOG = "training.log"
MEETING = "meeting"
"""The folder where workers meet, within the work folder."""
_LOCK = ".lock"


def claim(job: JobSpec) -> IO[str]:
    """Make the folder ready for this job; nobody else gets it until what is returned is closed, here and in every
    process that it was passed to.

    Raises TrainingError when another job uses the work folder, or it cannot be written.
    """
    folder = job.work_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (folder / JOB).unlink(missing_ok=True)
        (folder / JOB).touch(mode=0o600)  # a tracking URI may hold a password
        (folder / JOB).write_bytes(job.encode())
        (folder / LOG).write_text("")
        return lock
    except BlockingIOError as error:
        raise TrainingError(
            f"another training uses {folder}", hint="wait until it has ended, or stop it with Ctrl-C"
        ) from error
    except OSError as error:
        raise TrainingError(
            f"the work folder {folder} cannot be used: {error.strerror}",
            hint="free space there, or choose another",
        ) from error
