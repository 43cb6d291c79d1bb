"""A worker that another is lost to: which errors say so, and with which code it ends."""

from pathlib import Path

import pytest
import torch.distributed as dist

from training import __main__ as worker
from training.config import TrainSettings
from training.launch.protocol import JobSpec
from training.lost import tells_of_a_lost_worker
from training.outcome import read_outcome
from training.preempt import EXIT_PREEMPTED, Orphaned, Preemption

_GLOO = "[/p/gloo/gloo/transport/tcp/pair.cc:545] Read error [127.0.0.1]:61059: Connection reset by peer"


_NCCL = """NCCL error in: ProcessGroupNCCL.cpp:3356, remote process exited or there was a network error
ncclRemoteError: A call failed possibly due to a network error or a remote process exiting prematurely."""
_OWN = """NCCL error in: ProcessGroupNCCL.cpp:3356, unhandled cuda error
ncclUnhandledCudaError: Call to CUDA function failed."""


@pytest.mark.parametrize("error", [RuntimeError(_GLOO), dist.DistNetworkError("gone"), dist.DistBackendError(_NCCL)])
def test_an_exchange_that_broke_off_tells_of_a_lost_worker(error: RuntimeError):
    assert tells_of_a_lost_worker(error)


@pytest.mark.parametrize("said", ["CUDA out of memory", "Invalid scalar type for gloo", "shape '[2]' is invalid"])
def test_what_is_wrong_here_tells_of_none(said: str):
    assert not tells_of_a_lost_worker(RuntimeError(said))


def test_a_fault_of_ones_own_gpu_that_nccl_tells_of_is_no_lost_worker():
    assert not tells_of_a_lost_worker(dist.DistBackendError(_OWN))


def test_a_worker_that_another_is_lost_to_is_to_be_started_again_and_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def lose(*_: object) -> None:
        raise Orphaned("Connection reset by peer")

    monkeypatch.setattr("training.run.run", lose)
    job = JobSpec(settings=TrainSettings(), store_url="memory://", tracking_uri=None, work_folder=tmp_path)
    assert worker._work(job, Preemption()) == EXIT_PREEMPTED
    assert read_outcome(tmp_path) is None
