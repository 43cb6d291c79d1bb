import os
import subprocess
import sys
from pathlib import Path

import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from training.launch import node
from training.preempt import EXIT_PREEMPTED


@pytest.mark.parametrize(("code", "expected"), [(EXIT_PREEMPTED, EXIT_PREEMPTED), (6, 1)])
def test_a_node_whose_workers_left_for_a_preemption_says_so(tmp_path: Path, code: int, expected: int):
    (tmp_path / "worker.py").write_text(f"raise SystemExit({code})")
    argv = [
        *(sys.executable, "-m", "training.launch.node"),
        *("--nnodes=1", "--nproc-per-node=2", "--max-restarts=0", "--local-addr=127.0.0.1", "--rdzv-id=leaving"),
        *("--rdzv-backend=c10d", "--rdzv-conf=store_type=file", f"--rdzv-endpoint={tmp_path / 'meeting'}"),
        str(tmp_path / "worker.py"),
    ]
    told = os.environ | {"OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    assert subprocess.run(argv, env=told, stderr=subprocess.DEVNULL, timeout=120, check=False).returncode == expected


def test_one_worker_that_failed_makes_it_a_failure(monkeypatch: pytest.MonkeyPatch):
    failures = {
        rank: ProcessFailure(local_rank=rank, pid=0, exitcode=code, error_file="") for rank, code in ((0, 75), (1, 6))
    }

    def end(_: list[str]) -> None:
        raise ChildFailedError("training", failures)

    monkeypatch.setattr(node, "torchrun", end)
    with pytest.raises(ChildFailedError):
        node.main([])
