"""Processes that outlived the supervisord which started them: they hold ports and nobody restarts them.

They are known by two variables in their environment, neither a secret: the run folder, which our supervisord carries,
and the service, which supervisord gives to each process. Nothing without them is ever touched.
"""

import os
from collections.abc import Iterator

import psutil

from infra.local.provider.layout import Run

RUN_VARIABLE = "SLIPWAY_RUN_FOLDER"
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
        remaining = psutil.wait_procs(found, timeout=grace_s)[1]
    for process in remaining:
        _signal(process, kill=True)
    psutil.wait_procs(remaining, timeout=5)
    return len(found)


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
