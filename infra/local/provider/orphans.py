"""Processes that outlived the supervisord which started them: they hold ports and nobody restarts them.

They are known by two variables in their environment, neither a secret: the run folder, which our supervisord carries,
and the service, which supervisord gives to each process. Nothing without them is ever touched.
"""

import os
import time
from collections.abc import Iterable, Iterator

import psutil

from infra.local.provider.layout import Run

RUN_VARIABLE = "SLIPWAY_RUN_FOLDER"
_KILL_S = 5.0
_POLL_S = 0.02
_SERVICE_VARIABLE = "SUPERVISOR_GROUP_NAME"


def end(run: Run, service_id: str | None = None, *, grace_s: float = 0) -> int:
    """End the processes of a run folder (a supervisord that nobody can reach among them), or of one of its services.

    SIGTERM first where there is a grace, SIGKILL at its end. Returns how many there were. Blocks up to `grace_s` + 5 s.
    """
    found = list(_find(run, service_id))
    remaining = found
    if grace_s > 0:
        for process in found:
            _signal(process, kill=False)
        remaining = wait_ended(found, grace_s)
    for process in remaining:
        _signal(process, kill=True)
    wait_ended(remaining, _KILL_S)
    return len(found)


def wait_ended(processes: Iterable[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Block until they have ended; those that have not in time. A zombie has ended: its new parent may never reap it,
    for which psutil's own wait would wait."""
    deadline = time.monotonic() + timeout_s
    remaining = [process for process in processes if _lives(process)]
    while remaining and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        remaining = [process for process in remaining if _lives(process)]
    return remaining


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _find(run: Run, service_id: str | None) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            environment = process.environ()
        except (psutil.Error, OSError):  # gone, a zombie or another user's
            continue
        if environment.get(RUN_VARIABLE) != str(run.root):
            continue
        if service_id in (None, environment.get(_SERVICE_VARIABLE)):
            yield process


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.Error:
        return
