"""Processes that compute together, as torchrun would start them, but forked from one that has imported torch already.

    python -m tests.together MODULE SIZE FOLDER

Each calls the module's `main(rank, size, folder)`. An import of torch costs more than most of what is tested.
"""

import importlib
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import torch


def run_together(module: str, *, size: int, folder: Path, patience_s: float) -> None:
    """Returns once all have ended; what the first that failed has said is the error."""
    argv = [sys.executable, "-W", "ignore", "-m", "tests.together", module, str(size), str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True) as parent:
        try:
            said = parent.communicate(timeout=patience_s)[1]
        except subprocess.TimeoutExpired:
            os.killpg(parent.pid, 9)
            raise
    assert parent.returncode == 0, said[-3000:]


def main(module: str, size: int, folder: Path) -> int:
    act = importlib.import_module(module).main
    workers = {_forked(lambda rank=rank: act(rank, size, folder)) for rank in range(size)}
    while workers:
        ended, status = os.wait()
        workers.discard(ended)
        if status:
            for worker in workers:
                os.kill(worker, 9)
            return 1
    return 0


def _forked(act: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    torch.set_num_threads(1)  # mends its pool after the fork, before its threads do so all at once, and fail
    code = 1
    try:
        act()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
