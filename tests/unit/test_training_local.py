"""The local launcher with a stand-in for torchrun: short programs, one a start, that end as the test says."""

import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from slipway.errors import TrainingError
from training.config import PreemptionSettings, TrainSettings
from training.launch import JobHandle, JobSpec, JobState, LocalLauncher, torchrun
from training.outcome import Outcome, TrainingResult, write_outcome

RESULT = TrainingResult(name="tiny", digest="ab", metrics={"auc": 0.9}, epochs=3, best_epoch=2, seconds=1.5)
SUCCESS = Outcome(state="succeeded", result=RESULT)
PREEMPTION = Outcome(state="preempted")

Programs = Callable[..., None]
Submit = Callable[[], JobHandle]


def ending(outcome: Outcome) -> str:
    """What ends a program so."""
    return f"pathlib.Path('outcome.json').write_bytes({msgspec.json.encode(outcome)!r})"


_IMPORTS = "import os, pathlib, signal, subprocess, sys"
WAITING = "print('epoch 1', flush=True); signal.pause()"
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAITING + "; signal.pause()"
WITH_A_WORKER = (
    "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'],"
    "start_new_session=True, stdout=subprocess.DEVNULL); " + WAITING
)


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Programs:
    """Have these programs run in place of torchrun, each in the work folder, one a start."""

    def stand_in(*given: str) -> None:
        left = iter(given)

        def command(job: Path, *, workers: int, meeting: Path) -> list[str]:
            return [sys.executable, "-c", f"{_IMPORTS}; os.chdir({str(job.parent)!r}); {next(left)}"]

        monkeypatch.setattr(torchrun, "command", command)
        monkeypatch.setattr(torchrun, "_KILL_GRACE_S", 0.5)

    return stand_in


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def submit(tmp_path: Path, said: list[str]) -> Iterator[Submit]:
    settings = TrainSettings(preemption=PreemptionSettings(retries=1, notice_s=0.5))
    job = JobSpec(settings=settings, store_url="memory://", tracking_uri=None, work_folder=tmp_path)
    handles: list[JobHandle] = []

    def start() -> JobHandle:
        handles.append(LocalLauncher(show=said.append).submit(job))
        return handles[-1]

    yield start
    for handle in handles:
        handle.cancel()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.01)


def runs(process: psutil.Process) -> bool:
    """A process that has ended and waits to be reaped by the system's first one runs no more."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_what_the_run_made_is_returned_as_often_as_it_is_asked_for(programs: Programs, submit: Submit):
    programs(ending(SUCCESS))
    handle = submit()
    assert handle.wait() == handle.wait() == RESULT
    assert handle.state is JobState.SUCCEEDED


def test_progress_is_shown_and_all_output_is_kept(programs: Programs, submit: Submit, said: list[str], tmp_path: Path):
    programs(f"print('epoch 1'); print('noise', file=sys.stderr); {ending(SUCCESS)}")
    submit().wait()
    assert said == ["epoch 1"]
    assert {"epoch 1", "noise"} <= set((tmp_path / "training.log").read_text().splitlines())


def test_a_failure_is_raised_in_the_words_of_the_run(programs: Programs, submit: Submit):
    programs(ending(Outcome(state="failed", message="the loss is nan", hint="lower the rate")))
    handle = submit()
    with pytest.raises(TrainingError, match="the loss is nan") as caught:
        handle.wait()
    assert caught.value.hint == "lower the rate"
    assert handle.state is JobState.FAILED


def test_a_run_that_breaks_without_a_word_is_explained_by_its_error_and_its_log(
    programs: Programs, submit: Submit, tmp_path: Path
):
    programs("raise ZeroDivisionError('by chance')")
    with pytest.raises(TrainingError, match="ZeroDivisionError: by chance") as caught:
        submit().wait()
    assert str(tmp_path / "training.log") in caught.value.hint


def test_the_outcome_of_the_run_before_is_not_taken_for_this_one(programs: Programs, submit: Submit, tmp_path: Path):
    write_outcome(tmp_path, SUCCESS)
    programs("pass")
    with pytest.raises(TrainingError, match="without a word"):
        submit().wait()


def test_a_preempted_run_is_started_again(programs: Programs, submit: Submit, said: list[str]):
    programs(ending(PREEMPTION), ending(SUCCESS))
    assert submit().wait() == RESULT
    assert said == ["preempted; going on from the checkpoint"]


def test_a_run_that_is_preempted_too_often_says_so(programs: Programs, submit: Submit):
    programs(ending(PREEMPTION), ending(PREEMPTION))
    with pytest.raises(TrainingError, match="preempted 2 times"):
        submit().wait()


def test_a_cancelled_run_is_not_started_again(programs: Programs, submit: Submit, said: list[str]):
    leaving = f"signal.signal(signal.SIGTERM, lambda *_: ({ending(PREEMPTION)}, sys.exit(75)))"
    programs(f"{leaving}; {WAITING}", ending(SUCCESS))
    handle = submit()
    until(lambda: bool(said))
    handle.cancel()
    assert handle.state is JobState.CANCELLED
    with pytest.raises(TrainingError, match="training was stopped"):
        handle.wait()


@pytest.mark.parametrize("program", [WAITING, STUBBORN, WITH_A_WORKER], ids=["plain", "stubborn", "with a worker"])
def test_cancelling_leaves_no_process(programs: Programs, submit: Submit, said: list[str], program: str):
    programs(program)
    handle = submit()
    until(lambda: bool(said))
    family = psutil.Process().children(recursive=True)
    handle.cancel()
    assert family
    assert not any(map(runs, family))


def test_a_second_training_in_the_same_folder_is_refused_until_the_first_has_ended(
    programs: Programs, submit: Submit, said: list[str]
):
    programs(WAITING, ending(SUCCESS))
    first = submit()
    until(lambda: bool(said))
    with pytest.raises(TrainingError, match="another training uses"):
        submit()
    first.cancel()
    assert submit().wait() == RESULT


def test_a_watcher_that_fails_does_not_end_the_run(programs: Programs, tmp_path: Path):
    def broken(line: str) -> None:
        raise BrokenPipeError(line)

    programs(f"print('epoch 1'); {ending(SUCCESS)}")
    job = JobSpec(settings=TrainSettings(), store_url="memory://", tracking_uri=None, work_folder=tmp_path)
    assert LocalLauncher(show=broken).submit(job).wait() == RESULT


def test_a_job_file_is_private_because_a_tracking_uri_may_hold_a_password(
    programs: Programs, submit: Submit, tmp_path: Path
):
    programs(ending(SUCCESS))
    submit().wait()
    assert stat.S_IMODE((tmp_path / "job.json").stat().st_mode) == 0o600
