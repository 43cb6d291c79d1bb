"""Training as a person starts it: torchrun, two workers, the census data, interruptions at any point."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from slipway.errors import TrainingError
from slipway.release import find
from slipway.store import open_store
from training.config import CheckpointSettings, TrainSettings
from training.launch import JobHandle, JobSpec, JobState, LocalLauncher, TrainingResult

pytestmark = pytest.mark.system

SLOW = TrainSettings(task="tests.tiny_task:Slow", workers=2)
RESUMED = "resumed after step"

TRAIN = """
import signal
import sys
from pathlib import Path

from training.config import TrainSettings
from training.launch import train

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in its background without it
folder = Path(sys.argv[1])
settings = TrainSettings(task="tests.tiny_task:Slow", workers=2, epochs=100_000, patience=100_000)  # ends when told to
train(settings, store_url=(folder / "store").as_uri(), tracking_uri=None, work_folder=folder / "work")
"""

TRAIN_WITHOUT_ROOM = """
import resource, runpy, sys

resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
sys.argv = ["training", sys.argv[1]]
runpy.run_module("training", run_name="__main__")
"""


def job(folder: Path, settings: TrainSettings) -> JobSpec:
    return JobSpec(
        settings=settings,
        store_url=(folder / "store").as_uri(),
        tracking_uri=None,
        work_folder=folder / "work",
    )


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


def processes_of(folder: Path) -> list[psutil.Process]:
    """torchrun and its workers: those that were started with the folder's job file."""
    told = str(folder / "work" / "job.json")
    return [process for process in psutil.process_iter(["cmdline"]) if told in (process.info["cmdline"] or [])]


def checkpoints_of(folder: Path) -> list[Path]:
    return list((folder / "work" / "runs").glob("*/step-*/.metadata"))


def started(folder: Path, settings: TrainSettings) -> tuple[JobHandle, list[str]]:
    """A job that is past its first epochs, and what it says."""
    said: list[str] = []
    handle = LocalLauncher(show=said.append).submit(job(folder, settings))
    until(lambda: any(line.startswith("epoch") for line in said) or handle.state is not JobState.RUNNING)
    return handle, said


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """A run that was told to go, killed, and stopped by its caller, each in the middle, and then left to end."""

    result: TrainingResult
    said: list[str]  # after each interruption
    listening: set[str]  # addresses, while it ran
    left: list[psutil.Process]  # after the caller had stopped it


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    folder = tmp_path_factory.mktemp("interrupted")
    often = SLOW.model_copy(update={"checkpoint": CheckpointSettings(every_s=0.2)})

    handle, _ = started(folder, often)
    until(lambda: bool(checkpoints_of(folder)))
    family = processes_of(folder)
    sockets = [socket for process in family for socket in process.net_connections(kind="inet")]
    for process in family:
        process.kill()
    with pytest.raises(TrainingError, match="ended without a word"):
        handle.wait()

    handle, after_kill = started(folder, often)
    handle.cancel()
    left = processes_of(folder)

    handle, after_stop = started(folder, often)
    workers = [process for process in processes_of(folder) if "torch.distributed.run" not in process.cmdline()]
    workers[-1].terminate()
    result = handle.wait()
    return Interrupted(
        result=result,
        said=after_kill + after_stop,
        listening={socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN},
        left=left,
    )


def test_a_run_that_was_killed_stopped_and_preempted_ends_in_the_release_of_one_that_was_not(
    interrupted: Interrupted, tmp_path: Path
):
    undisturbed = LocalLauncher().submit(job(tmp_path, SLOW)).wait()
    assert (interrupted.result.digest, interrupted.result.metrics) == (undisturbed.digest, undisturbed.metrics)


def test_each_start_goes_on_from_the_checkpoint_before(interrupted: Interrupted):
    assert sum(line.startswith(RESUMED) for line in interrupted.said) == 3


def test_a_run_that_was_stopped_leaves_no_process(interrupted: Interrupted):
    assert not interrupted.left


def test_nothing_listens_beyond_loopback(interrupted: Interrupted):
    assert interrupted.listening == {"127.0.0.1"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_caller_that_is_told_to_stop_leaves_a_checkpoint_and_no_process(tmp_path: Path, number: signal.Signals):
    argv = [sys.executable, "-u", "-c", TRAIN, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as caller:
        assert caller.stdout is not None
        assert any(line.startswith("epoch") for line in caller.stdout)
        caller.send_signal(number)
        try:
            caller.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            caller.kill()
            raise
    assert caller.returncode != 0
    assert not processes_of(tmp_path)
    assert checkpoints_of(tmp_path)


def test_what_cannot_be_trained_ends_with_the_reason_and_no_release(tmp_path: Path):
    uneven = job(tmp_path, TrainSettings(task="digits", workers=3))
    with pytest.raises(TrainingError, match="batch_size 64 cannot be shared evenly by 3 workers"):
        LocalLauncher().submit(uneven).wait()
    assert find(open_store(uneven.store_url)) == []


def test_a_disk_without_room_ends_with_the_folder_named_and_no_release(tmp_path: Path):
    """A limit on the size of files stands in for the full disk: the kernel refuses to write on, and says why."""
    spec = job(tmp_path, TrainSettings(task="tests.tiny_task:Tiny", workers=1))
    spec.work_folder.mkdir()
    (spec.work_folder / "job.json").write_bytes(spec.encode())
    argv = [sys.executable, "-c", TRAIN_WITHOUT_ROOM, str(spec.work_folder / "job.json")]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=180, check=False)
    assert ended.returncode == TrainingError.exit_code
    assert str(spec.work_folder) in ended.stderr
    assert os.strerror(errno.EFBIG) in ended.stderr
    assert find(open_store(spec.store_url)) == []
