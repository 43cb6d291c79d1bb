"""An elastic run as a person starts it: workers die, are told to go, come back, and the run goes on."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from slipway.errors import TrainingError
from tests.bench.kills import MOST_APART, MOST_LOST, MOST_S, Endured, endure
from training.config import CheckpointSettings, ElasticSettings, ObserveSettings, PreemptionSettings, TrainSettings
from training.journal import JOURNAL, Event, Step, read_journal
from training.launch import JobSpec, JobState, LocalLauncher
from training.launch.elastic import ElasticWorkers
from training.outcome import Outcome
from training.preempt import EXIT_PREEMPTED

pytestmark = pytest.mark.system

ENDLESS = 100_000


def job(folder: Path, *, epochs: int = ENDLESS, workers: int = 2, retries: int = 1) -> JobSpec:
    settings = TrainSettings(
        task="tests.tiny_task:Slow",
        workers=workers,
        epochs=epochs,
        patience=epochs,
        checkpoint=CheckpointSettings(every_s=3600.0),
        preemption=PreemptionSettings(retries=retries),
        elastic=ElasticSettings(min_workers=1),
        observe=ObserveSettings(journal=True),
    )
    return JobSpec(settings=settings, store_url=(folder / "store").as_uri(), tracking_uri=None, work_folder=folder)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


def steps(folder: Path) -> list[Step]:
    return [entry for entry in read_journal(folder / JOURNAL) if isinstance(entry, Step)]


def events(folder: Path, name: str) -> list[Event]:
    return [entry for entry in read_journal(folder / JOURNAL) if isinstance(entry, Event) and entry.event == name]


def steps_with(folder: Path, workers: int) -> bool:
    """Whether the last step was one of so many workers."""
    return steps(folder)[-1:] != [] and steps(folder)[-1].workers == workers


@dataclass(frozen=True, kw_only=True)
class Played:
    """A run of two workers. One was told to go; when the other had gone on alone, another came; both were told to go,
    and one more came after them. codes: exit codes of the first and of the last two to go."""

    codes: tuple[int, int, int]
    went_on: tuple[int, ...]
    outcome_of_one: Outcome | None
    outcome_of_all: Outcome | None
    taken: list[int]
    reached: int
    resumed: int


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("played")
    workers = ElasticWorkers(job(folder))
    try:
        first, second = workers.start(), workers.start()
        until(lambda: steps_with(folder, 2))
        workers.notice(first)
        until(lambda: bool(workers.ended()) and steps_with(folder, 1))
        went_on, outcome_of_one = workers.living(), workers.outcome()
        third = workers.start()
        until(lambda: steps_with(folder, 2))
        for worker in (second, third):
            workers.notice(worker)
        until(lambda: not workers.living())
        taken, outcome_of_all = [step.step for step in steps(folder)], workers.outcome()
        workers.start()
        until(lambda: bool(events(folder, "resumed")))
        ended = workers.ended()
        yield Played(
            codes=(ended[first], ended[second], ended[third]),
            went_on=went_on,
            outcome_of_one=outcome_of_one,
            outcome_of_all=outcome_of_all,
            taken=taken,
            reached=taken[-1],
            resumed=events(folder, "resumed")[0].step,
        )
    finally:
        workers.close()


@pytest.fixture(scope="module")
def endured(tmp_path_factory: pytest.TempPathFactory) -> Endured:
    folder, paced = tmp_path_factory.mktemp("kills"), "tests.bench.paced_task:Paced"
    return endure(folder, kills=3, workers=4, epochs=3, chance=random.Random(7), task=paced, pause_s=0.2)


def test_survivors_of_a_kill_step_again_within_ten_seconds(endured: Endured):
    assert endured.kills == len(endured.waited_s) == 3
    assert max(endured.waited_s) < MOST_S


def test_a_kill_costs_at_most_a_step(endured: Endured):
    assert max(endured.lost) <= MOST_LOST


def test_the_losses_are_those_of_a_run_that_nobody_disturbed(endured: Endured):
    assert endured.apart <= MOST_APART


def test_one_that_is_told_to_go_leaves_and_the_other_goes_on(played: Played):
    assert played.codes[0] == EXIT_PREEMPTED
    assert len(played.went_on) == 1
    assert played.outcome_of_one is None


def test_no_step_is_lost_or_taken_twice_when_workers_go_with_notice_or_come(played: Played):
    assert played.taken == list(range(1, len(played.taken) + 1))


def test_when_all_are_told_to_go_a_checkpoint_of_the_last_step_is_written(played: Played):
    assert played.codes[1:] == (EXIT_PREEMPTED, EXIT_PREEMPTED)
    assert played.outcome_of_all == Outcome(state="preempted")
    assert played.resumed == played.reached


def test_a_job_fills_the_place_of_a_worker_that_died_and_ends_in_a_release(tmp_path: Path):
    said: list[str] = []
    handle = LocalLauncher(show=said.append).submit(job(tmp_path, epochs=40))
    until(lambda: steps_with(tmp_path, 2))
    workers_of(tmp_path)[0].kill()
    assert handle.wait().epochs == 40
    assert "a worker was lost; another takes its place" in said
    assert handle.state is JobState.SUCCEEDED
    assert not workers_of(tmp_path)


def test_a_cancelled_job_leaves_a_checkpoint_and_no_process(tmp_path: Path):
    handle = LocalLauncher().submit(job(tmp_path))
    until(lambda: steps_with(tmp_path, 2))
    handle.cancel()
    assert handle.state is JobState.CANCELLED
    assert not workers_of(tmp_path)
    assert events(tmp_path, "checkpoint")[-1].step == steps(tmp_path)[-1].step


def test_a_job_whose_workers_fail_by_themselves_ends_with_their_words(tmp_path: Path):
    broken = job(tmp_path, epochs=1)
    settings = broken.settings.model_copy(update={"task": "tests.tiny_task:Diverging"})
    handle = LocalLauncher().submit(
        JobSpec(settings=settings, store_url=broken.store_url, tracking_uri=None, work_folder=tmp_path)
    )
    with pytest.raises(TrainingError, match="the loss is nan"):
        handle.wait()


def workers_of(folder: Path) -> list[psutil.Process]:
    """Those that train: forked from the one that was started with the job, whose command line they share."""
    told = str(folder / "job.json")
    family = [process for process in psutil.process_iter(["cmdline"]) if told in (process.info["cmdline"] or [])]
    return [process for process in family if process.parent() in family] or family
