"""torchrun as a child process on this machine: its command, its environment, and how it is ended.

Nothing here listens beyond loopback: torchrun's own store listens on every interface, so its workers meet in a file
instead, and gloo and NCCL are held to the loopback interface.
"""

import os
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path

import psutil

from training.rendezvous import RENDEZVOUS_FOLDER

_CPU_WORKERS = 2
_LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"
_NVIDIA_DEVICES = "nvidia[0-9]*"
_KILL_GRACE_S = 5.0  # torchrun ends its workers first, then itself


def workers_here() -> int:
    """One a GPU that may be used, else two. GPUs are counted by device file, because asking torch costs seconds."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpus = len(list(Path("/dev").glob(_NVIDIA_DEVICES)))
    if visible is not None:
        gpus = min(gpus, len([device for device in visible.split(",") if device.strip()]))
    return gpus or _CPU_WORKERS


def command(job: Path, *, workers: int, meeting: Path) -> list[str]:
    """The command line that runs a job file on `workers` processes that meet in the folder `meeting`."""
    return [
        *(sys.executable, "-m", "torch.distributed.run"),
        *("--nnodes=1", f"--nproc-per-node={workers}", "--max-restarts=0", "--local-addr=127.0.0.1"),
        *("--rdzv-backend=c10d", "--rdzv-conf=store_type=file", f"--rdzv-endpoint={meeting / 'torchrun'}"),
        f"--rdzv-id={uuid.uuid4().hex}",
        *("-m", "training", str(job)),
    ]


def environment(meeting: Path) -> dict[str, str]:
    """This process' environment with what the trainer needs.

    One thread a worker: the same sums in the same order on every machine. cuBLAS wants its workspace fixed to be
    deterministic. The shared store is off because it would listen on every interface, and because restarts hang on it.
    """
    return os.environ | {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "GLOO_SOCKET_IFNAME": _LOOPBACK,
        "NCCL_SOCKET_IFNAME": _LOOPBACK,
        "OMP_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        RENDEZVOUS_FOLDER: str(meeting),
    }


def end(process: "subprocess.Popen[str]", *, notice_s: float) -> None:
    """Ask torchrun to stop, and kill what is left of it after `notice_s`. Blocks until nothing of it runs.

    Its workers are in sessions of their own, so ending its process group would leave them.
    """
    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        torchrun = psutil.Process(process.pid)
        family = [*torchrun.children(recursive=True), torchrun]
        torchrun.terminate()
    _, left = psutil.wait_procs(family, timeout=notice_s + _KILL_GRACE_S)
    for member in left:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(left, timeout=_KILL_GRACE_S)
