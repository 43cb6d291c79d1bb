import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.elastic.rendezvous import RendezvousConnectionError

from slipway.paths import PROJECT
from training.launch import node
from training.preempt import EXIT_PREEMPTED

TOLD = os.environ | {"OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.05)


@pytest.mark.parametrize(("code", "expected"), [(EXIT_PREEMPTED, EXIT_PREEMPTED), (6, 1)])
def test_a_node_whose_workers_left_for_a_preemption_says_so(tmp_path: Path, code: int, expected: int):
    (tmp_path / "worker.py").write_text(f"raise SystemExit({code})")
    argv = [
        *(sys.executable, "-m", "training.launch.node"),
        *("--nnodes=1", "--nproc-per-node=2", "--max-restarts=0", "--local-addr=127.0.0.1", "--rdzv-id=leaving"),
        *("--rdzv-backend=c10d", "--rdzv-conf=store_type=file", f"--rdzv-endpoint={tmp_path / 'meeting'}"),
        str(tmp_path / "worker.py"),
    ]
    assert subprocess.run(argv, env=TOLD, stderr=subprocess.DEVNULL, timeout=120, check=False).returncode == expected


def test_one_worker_that_failed_makes_it_a_failure(monkeypatch: pytest.MonkeyPatch):
    failures = {
        rank: ProcessFailure(local_rank=rank, pid=0, exitcode=code, error_file="") for rank, code in ((0, 75), (1, 6))
    }

    def end(_: list[str]) -> None:
        raise ChildFailedError("training", failures)

    monkeypatch.setattr(node, "torchrun", end)
    with pytest.raises(ChildFailedError):
        node.main([])


def test_a_node_that_lost_the_first_one_without_a_word_says_that_it_is_no_failure(tmp_path: Path):
    (tmp_path / "worker.py").write_text(
        "import os, pathlib, signal; pathlib.Path(f'joined-{os.environ[\"RANK\"]}').touch(); signal.pause()"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    first, second = (
        subprocess.Popen(
            [
                *(sys.executable, "-m", "training.launch.node"),
                *("--nnodes=2", "--nproc-per-node=1", "--max-restarts=0", "--local-addr=127.0.0.1", "--rdzv-id=lost"),
                *("--rdzv-backend=c10d", f"--rdzv-conf=is_host={is_host}", f"--rdzv-endpoint=127.0.0.1:{port}"),
                "worker.py",
            ],
            cwd=tmp_path,
            env=TOLD | {"PYTHONPATH": str(PROJECT)},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for is_host in ("true", "false")
    )
    try:
        until(lambda: len(list(tmp_path.glob("joined-*"))) == 2)
        os.kill(first.pid, signal.SIGKILL)
        assert second.wait(120) == EXIT_PREEMPTED
    finally:
        for each in (first, second):
            _end(each)


def test_a_node_waits_for_the_first_one_which_may_wait_for_capacity(monkeypatch: pytest.MonkeyPatch):
    waited: list[float] = []

    def not_there_twice(_: list[str]) -> None:
        if len(waited) < 2:
            raise RendezvousConnectionError

    monkeypatch.setattr(node, "torchrun", not_there_twice)
    assert node.main([], sleep=waited.append) == 0
    assert len(waited) == 2


def test_a_node_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch):
    def never(_: list[str]) -> None:
        raise RendezvousConnectionError

    monkeypatch.setattr(node, "torchrun", never)
    hours = iter(range(100))
    with pytest.raises(RendezvousConnectionError):
        node.main([], clock=lambda: next(hours) * 3600.0, sleep=lambda _: None)
    assert next(hours) <= 4


def _end(launched: "subprocess.Popen[bytes]") -> None:
    """And what it started, of which a launcher that was killed leaves some."""
    for family in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(family.pid) == launched.pid or os.getsid(family.pid) == launched.pid:
                family.kill()
    launched.wait(10)
