"""What one machine of a run is told by its cloud, and what all processes of the run do about it.

Real processes, started as torchrun starts them; the metadata server that one of them asks is simulated.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.simulated_metadata import SimulatedEc2, served
from training.checkpoint.layout import METADATA
from training.config import CheckpointSettings, PreemptionSettings, TrainSettings
from training.launch import JobSpec, torchrun
from training.preempt import EXIT_PREEMPTED

pytestmark = pytest.mark.system

NEVER_BY_TIME = CheckpointSettings(every_s=86_400)
SETTINGS = TrainSettings(task="tests.tiny_task:Slow", workers=2, epochs=100_000, patience=100_000)
SPOT_PODS_ON_GKE_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Noticed:
    """A run whose second worker was told to save soon, and then to leave."""

    saved: list[int]  # steps of the checkpoints after the first notice
    exits: list[int]
    steps: list[int]  # after which each worker stopped
    said: list[str]  # by each worker
    checkpoints: list[int]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


@contextmanager
def workers(folder: Path, port: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Both ranks of the run, without torchrun, which would stop the other when one ends."""
    spec = JobSpec(
        settings=SETTINGS.model_copy(update={"checkpoint": NEVER_BY_TIME, "preemption": PreemptionSettings()}),
        store_url=(folder / "store").as_uri(),
        tracking_uri=None,
        work_folder=folder,
    )
    (folder / "job.json").write_bytes(spec.encode())
    (folder / "meeting").mkdir()
    told = torchrun.environment(folder / "meeting") | {
        "WORLD_SIZE": "2",
        "TORCHELASTIC_RUN_ID": "noticed",
        "TORCHELASTIC_RESTART_COUNT": "0",
    }
    argv = [sys.executable, "-m", "tests.noticed_worker", str(folder / "job.json"), str(port)]
    with ExitStack() as stack:
        both = list[subprocess.Popen[str]]()
        for rank in ("0", "1"):
            log = stack.enter_context((folder / f"said-{rank}").open("w"))
            both.append(
                subprocess.Popen(argv, env=told | {"RANK": rank, "LOCAL_RANK": rank}, stdout=log, stderr=log, text=True)
            )
            stack.callback(both[-1].wait)
            stack.callback(both[-1].kill)
        yield both


def checkpoints(folder: Path) -> list[int]:
    """Steps of those that are whole: this file is written last."""
    return sorted(int(file.parent.name.removeprefix("step-")) for file in folder.glob(f"runs/*/step-*/{METADATA}"))


@pytest.fixture(scope="module")
def noticed(tmp_path_factory: pytest.TempPathFactory) -> Noticed:
    folder = tmp_path_factory.mktemp("noticed")
    cloud = SimulatedEc2()
    with served(cloud) as server, workers(folder, server.port) as both:
        until(lambda: "epoch" in (folder / "said-0").read_text() or any(each.poll() is not None for each in both))
        assert not checkpoints(folder)
        cloud.tell("events/recommendations/rebalance", '{"noticeTime": "2026-11-23T17:20:00Z"}')
        until(lambda: bool(checkpoints(folder)) or any(each.poll() is not None for each in both))
        saved = checkpoints(folder)
        cloud.tell("spot/instance-action", '{"action": "terminate", "time": "2026-11-23T17:31:05Z"}')
        exits = [each.wait(60) for each in both]
    return Noticed(
        saved=saved,
        exits=exits,
        steps=[int((folder / f"stopped-{rank}").read_text()) for rank in (0, 1)],
        said=[(folder / f"said-{rank}").read_text() for rank in (0, 1)],
        checkpoints=checkpoints(folder),
    )


def test_a_notice_at_one_worker_stops_both_after_the_same_step(noticed: Noticed):
    assert noticed.exits == [EXIT_PREEMPTED, EXIT_PREEMPTED]
    assert noticed.steps[0] == noticed.steps[1]


def test_what_they_leave_is_a_checkpoint_of_that_step(noticed: Noticed):
    assert noticed.checkpoints[-1] == noticed.steps[0]


def test_a_recommendation_to_rebalance_is_answered_by_a_checkpoint_and_training_goes_on(noticed: Noticed):
    assert len(noticed.saved) == 1
    assert noticed.saved[0] < noticed.steps[0]


def test_the_worker_that_is_told_says_by_whom_and_until_when(noticed: Noticed):
    assert "EC2 takes this instance back at 2026-11-23 17:31:05 UTC (terminate)" in noticed.said[1]


def test_the_checkpoint_stands_within_the_notice_that_is_sure(noticed: Noticed):
    """A tiny model: this holds the way to the checkpoint to seconds, not the size of what is written."""
    took = re.search(r"checkpoint written (\S+) s after the notice", noticed.said[0])
    assert took is not None
    assert float(took[1]) < SPOT_PODS_ON_GKE_S
