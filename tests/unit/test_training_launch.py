import subprocess
import sys
from pathlib import Path

import pytest

from slipway.errors import TrainingError
from training.config import TrainSettings
from training.launch import JobSpec, LocalLauncher
from training.launch.protocol import read_job
from training.launch.submit import git_commit
from training.launch.torchrun import command, environment, workers_here
from training.outcome import Outcome, TrainingResult, read_outcome, write_outcome

RESULT = TrainingResult(name="tiny", digest="ab", metrics={"auc": 0.9}, epochs=3, best_epoch=2, seconds=1.5)


def job(folder: Path) -> JobSpec:
    return JobSpec(settings=TrainSettings(), store_url="memory://", tracking_uri=None, work_folder=folder)


def test_launching_needs_no_torch():
    program = "import sys, training.launch; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_job_is_read_as_it_was_written(tmp_path: Path):
    (tmp_path / "job.json").write_bytes(job(tmp_path).encode())
    assert read_job(tmp_path / "job.json") == job(tmp_path)


@pytest.mark.parametrize("content", [None, b"{", b'{"settings": {"epochs": 0}}'])
def test_what_is_no_job_is_refused_by_its_path(tmp_path: Path, content: bytes | None):
    file = tmp_path / "job.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TrainingError, match=str(file)):
        read_job(file)


def test_an_outcome_is_read_as_it_was_written(tmp_path: Path):
    outcome = Outcome(state="succeeded", result=RESULT)
    write_outcome(tmp_path, outcome)
    assert read_outcome(tmp_path) == outcome


@pytest.mark.parametrize("content", [None, b"", b'{"state": "done"}'])
def test_a_run_that_said_nothing_sensible_has_no_outcome(tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / "outcome.json").write_bytes(content)
    assert read_outcome(tmp_path) is None


def test_workers_meet_in_a_file_because_torchruns_store_listens_everywhere(tmp_path: Path):
    told = command(tmp_path / "job.json", workers=2, meeting=tmp_path)
    assert "--rdzv-conf=store_type=file" in told
    assert environment(tmp_path)["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] == "1"
    assert environment(tmp_path)["GLOO_SOCKET_IFNAME"].startswith("lo")


def test_hidden_gpus_are_not_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert workers_here() == 2


def test_a_work_folder_that_is_a_file_is_refused_by_its_path(tmp_path: Path):
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(TrainingError, match=str(occupied)):
        LocalLauncher().submit(job(occupied))


def test_the_commit_of_a_checkout_is_given_in_full_and_none_where_there_is_no_checkout(tmp_path: Path):
    assert git_commit(tmp_path) == ""
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path))
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    assert len(git_commit(tmp_path)) == 40
    tracked = tmp_path / "file"
    tracked.write_text("")
    subprocess.run([*git, "add", "file"], check=True)
    assert git_commit(tmp_path).endswith("-dirty")
