"""Train from start to release in one call, and leave nothing running whatever interrupts it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from slipway.paths import PROJECT
from training.config import TrainSettings
from training.launch.local import LocalLauncher
from training.launch.protocol import JobSpec, Launcher
from training.outcome import TrainingResult

_SIGTERM_EXIT = 128 + signal.SIGTERM


def train(
    settings: TrainSettings,
    *,
    store_url: str,
    tracking_uri: str | None,
    work_folder: Path,
    show: Callable[[str], None] = print,
    launcher: Launcher | None = None,
) -> TrainingResult:
    """Train as `settings` say and return the release that was written. Blocks; here unless `launcher` says otherwise.

    show: given each line of progress. A run that was interrupted goes on from its last checkpoint when this is called
    again with the same settings and work folder; one that ended starts anew. On Ctrl-C, SIGTERM or any other exception
    the job is stopped, with a checkpoint, before the exception goes on.

    Raises TrainingError with what was wrong; no release is written then.
    """
    job = JobSpec(
        settings=settings,
        store_url=store_url,
        tracking_uri=tracking_uri,
        work_folder=work_folder,
        git_commit=git_commit(PROJECT),
    )
    handle = (launcher or LocalLauncher(show=show)).submit(job)
    try:
        with _sigterm_raises():
            return handle.wait()
    except BaseException:
        handle.cancel()
        raise


def git_commit(folder: Path) -> str:
    """The commit that is checked out, with `-dirty` when files differ from it; empty where there is no git checkout."""
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(describe, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """SIGTERM ends a Python process on the spot; turned into SystemExit, it passes through `except` and `finally`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(_SIGTERM_EXIT)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
