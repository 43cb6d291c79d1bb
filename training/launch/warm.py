"""A process that has imported what a worker needs, and forks workers when it is told to: `training.launch.elastic`.

    python -m training.launch.warm <descriptor of a socket> <job.json>

A fork starts to train in tenths of a second, where an import of torch alone takes seconds. It never touches a GPU,
which does not survive a fork. One JSON array a line: `["start", worker, {environment}]` and `["signal", worker,
number]` come, `["started", worker, process id]` and `["ended", worker, exit code]` go. When the other end is closed,
all workers are asked to stop.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from typing import NoReturn

from training.__main__ import main

_LOOK_S = 0.02  # how soon an ended worker is noticed


class Warm:
    def __init__(self, told: socket.socket, job: str) -> None:
        self._told, self._job = told, job
        self._workers: dict[int, int] = {}  # process ids

    def serve(self) -> None:
        """Until the launcher has gone and no worker is left."""
        unread, is_open = b"", True
        while is_open or self._workers:
            ready, _, _ = select.select([self._told] if is_open else [], [], [], _LOOK_S)
            if ready:
                received = self._told.recv(65536)
                *lines, unread = (unread + received).split(b"\n")
                for line in lines:
                    self._do(*json.loads(line))
                if not received:
                    is_open = False
                    for worker in self._workers:
                        self._do("signal", worker, signal.SIGTERM)
            self._reap()

    def _do(self, what: str, worker: int, how: object) -> None:
        if what == "start" and isinstance(how, dict):
            self._workers[worker] = self._start(how)
            self._say("started", worker, self._workers[worker])
        elif worker in self._workers and isinstance(how, int):
            os.kill(self._workers[worker], how)  # not reaped yet, so the number is still its own

    def _start(self, environment: dict[str, str]) -> int:
        pid = os.fork()
        if pid == 0:
            self._told.close()
            os.environ.update(environment)
            _work(self._job)
        return pid

    def _reap(self) -> None:
        for worker, pid in [*self._workers.items()]:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._workers[worker]
                self._say("ended", worker, os.waitstatus_to_exitcode(status))

    def _say(self, *report: object) -> None:
        with suppress(OSError):  # the launcher has gone, and the workers are being told
            self._told.sendall(json.dumps(report).encode() + b"\n")


def _work(job: str) -> NoReturn:
    """Leaves without the clean-up of the process that was forked: it is not this one's to do."""
    code = 1
    try:
        code = main([job])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the launcher hears it too, and says what is to be done
    import training.run  # noqa: F401 - what a worker needs

    gc.freeze()  # a worker's collections pass over what was imported, whose memory they go on sharing
    Warm(socket.socket(fileno=int(sys.argv[1])), sys.argv[2]).serve()
    os._exit(0)  # what was imported takes a second to be taken down
