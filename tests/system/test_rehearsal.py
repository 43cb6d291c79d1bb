"""`slipway rehearse` as a person runs it: four real workers, killed and returned, and undisturbed."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from slipway.paths import PROJECT

pytestmark = pytest.mark.system

TRACE = [4, 3, 4, 0, 1, 4, 2]
TRAINING = ("--task", "tests.tiny_task:Slow", "--epochs", "24", "--seconds", "2")


def slipway(folder: Path, trace: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "trace.json").write_text(trace)
    environment = os.environ | {
        "SLIPWAY_STATE": str(folder / "state"),
        "SLIPWAY_CONFIG_FILE": str(PROJECT / "stacks" / "Pulumi.local.yaml"),
    }
    command = [sys.executable, "-m", "slipway", "rehearse", str(folder / "trace.json"), *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=400)


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    code: int
    report: dict[str, Any]
    folder: Path


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """Killed without notice; among the losses is one that leaves nobody."""
    folder = tmp_path_factory.mktemp("rehearsed")
    trace = json.dumps({"metadata": {"gap_seconds": 300}, "data": TRACE})
    done = slipway(folder, trace, *TRAINING, "--json", "--html", str(folder / "page.html"))
    assert done.stdout, done.stderr
    return Rehearsed(code=done.returncode, report=json.loads(done.stdout), folder=folder)


def test_a_training_that_loses_workers_ends_with_the_losses_of_the_undisturbed_one(rehearsed: Rehearsed):
    assert rehearsed.report["finished"], rehearsed.report["why"]
    assert rehearsed.report["curve"]["missing"] == 0
    assert rehearsed.report["curve"]["difference"] <= 1e-5
    assert rehearsed.code == 0


def test_survivors_step_again_within_seconds_and_lose_no_step(rehearsed: Rehearsed):
    survived = [loss for loss in rehearsed.report["losses"] if loss["left"]]
    assert survived
    assert all(loss["again_s"] is None or loss["again_s"] <= 10 for loss in survived)
    assert not any(loss["lost_steps"] for loss in survived)


def test_where_nobody_was_left_it_goes_on_from_the_checkpoint_before(rehearsed: Rehearsed):
    alone = [loss for loss in rehearsed.report["losses"] if not loss["left"]]
    assert alone
    assert rehearsed.report["resumes"] >= len(alone) - 1  # the last may be the end
    assert rehearsed.report["given_up"] <= 1  # the one that was being written


def test_no_worker_goes_without_being_told_to(rehearsed: Rehearsed):
    assert rehearsed.report["unasked"] == 0


def test_nothing_of_a_rehearsal_runs_on(rehearsed: Rehearsed):
    told = str(rehearsed.folder)
    assert not [each for each in psutil.process_iter(["cmdline"]) if told in " ".join(each.info["cmdline"] or [])]


def test_a_rehearsal_writes_no_release_where_releases_are(rehearsed: Rehearsed):
    assert {each.name for each in (rehearsed.folder / "state").iterdir()} == {"rehearsal"}


def test_the_page_holds_the_curve(rehearsed: Rehearsed):
    assert 'aria-label="loss by step"' in (rehearsed.folder / "page.html").read_text()


@pytest.mark.parametrize(
    ("trace", "arguments", "said"),
    [
        ("[1, 0]", (), "is no spot trace"),
        ('{"metadata": {"gap_seconds": 30}, "data": [0, 0]}', (), "never has an instance"),
        ('{"metadata": {"gap_seconds": 30}, "data": [2, 0]}', ("--workers", "3"), "3 workers cannot be spread evenly"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused_before_anything_runs(
    tmp_path: Path, trace: str, arguments: tuple[str, ...], said: str
):
    done = slipway(tmp_path, trace, *arguments)
    assert done.returncode not in (0, 1)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state").exists()
