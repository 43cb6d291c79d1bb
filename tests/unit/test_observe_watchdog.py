import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from torch.distributed import DistNetworkError, Store  # pyright: ignore[reportPrivateImportUsage]

from tests.watchdog_worker import SLEEPS
from training.elastic.store import FolderStore
from training.observe.beats import Beat, Beats, holding_up
from training.observe.figures import Phase
from training.observe.observer import Observer
from training.observe.watchdog import watched
from training.preempt import EXIT_PREEMPTED
from training.rendezvous import RENDEZVOUS_FOLDER

NOW = 1000.0


def beat(rank: int, *, turn: int = 5, phase: Phase = "step", at: float = NOW) -> Beat:
    return Beat(rank=rank, step=turn, turn=turn, phase=phase, for_s=60, at=at)


def blamed(*beats: Beat, workers: int = 3) -> list[int]:
    found = holding_up({beat.rank: beat for beat in beats}, workers=workers, now=NOW, silent_s=10)
    return [suspect.rank for suspect in found]


def test_a_worker_that_is_silent_holds_the_others_up() -> None:
    assert blamed(beat(0), beat(1, at=NOW - 30), beat(2)) == [1]


def test_a_worker_that_was_never_heard_of_holds_the_others_up() -> None:
    assert blamed(beat(0), beat(2)) == [1]


def test_a_worker_that_still_reads_its_rows_holds_up_those_that_exchange() -> None:
    assert blamed(beat(0), beat(1), beat(2, phase="data")) == [2]


def test_a_worker_that_is_a_step_behind_holds_the_others_up() -> None:
    assert blamed(beat(0, phase="data"), beat(1, turn=4, phase="agree"), beat(2, phase="data")) == [1]


def test_a_worker_that_still_judges_holds_up_those_that_agree() -> None:
    assert blamed(beat(0, phase="agree"), beat(1, phase="judge"), beat(2, phase="agree")) == [1]


def test_one_that_writes_its_checkpoint_is_behind_those_that_took_up_the_next_rows() -> None:
    assert blamed(beat(0, turn=6, phase="data"), beat(1, phase="checkpoint"), beat(2, turn=6, phase="data")) == [1]


def test_one_that_waits_to_meet_the_others_holds_nobody_up() -> None:
    assert blamed(beat(0, phase="meet"), beat(1, phase="step"), beat(2, phase="meet")) == [1]


def test_nobody_is_blamed_when_all_stand_at_the_same_point() -> None:
    assert blamed(beat(0), beat(1), beat(2)) == []


def test_nobody_is_blamed_when_no_beat_can_be_read() -> None:
    assert blamed() == []


def test_beats_of_an_earlier_start_are_not_taken_for_this_one(tmp_path: Path) -> None:
    Beats(FolderStore(tmp_path), of="before").leave(0, step=1, turn=1, phase="step", for_s=0)
    assert Beats(FolderStore(tmp_path), of="now").all(1) == {}


def test_a_process_that_moves_is_left_alone(tmp_path: Path) -> None:
    ended, observer, done = list[str](), Observer(), threading.Event()
    with watched(observer, hung_after_s=0.4, beats=Beats(FolderStore(tmp_path), of="run"), end=ended.append):
        for _ in range(10):
            observer.does("data")
            done.wait(0.1)
    assert not ended


def test_one_that_waits_for_others_to_come_is_left_alone(tmp_path: Path) -> None:
    ended, observer, done = list[str](), Observer(), threading.Event()
    observer.does("meet")
    with watched(observer, hung_after_s=0.2, beats=Beats(FolderStore(tmp_path), of="run"), end=ended.append):
        done.wait(0.5)
    assert not ended


def test_a_process_that_works_alone_says_where_it_hangs_and_blames_nobody(tmp_path: Path) -> None:
    ended, observer, said = threading.Event(), Observer(), list[str]()
    observer.does("data")

    def end(why: str) -> None:
        said.append(why)
        ended.set()

    with watched(observer, hung_after_s=0.2, beats=Beats(FolderStore(tmp_path), of="run"), end=end):
        assert ended.wait(10)
    assert said == ["nothing has moved for 0 s on worker 0, in 'data' after step 0"]


class Away(Store):
    """A store whose machine is gone: it is asked, and never answers; or says at once that it was cut off."""

    def __init__(self, *, answers: bool) -> None:
        super().__init__()
        self._answers, self.asked = answers, list[str]()

    def set(self, key: str, value: str) -> None:
        """Sent, though nobody takes it."""

    def check(self, keys: list[str]) -> bool:
        self.asked += keys
        if self._answers:
            raise DistNetworkError("connection reset by peer")
        threading.Event().wait()
        return False


@pytest.mark.parametrize("answers", [False, True])
def test_a_hang_ends_though_the_machine_that_keeps_the_store_is_gone_and_is_blamed(*, answers: bool) -> None:
    ended, said, observer = threading.Event(), list[str](), Observer(rank=1, workers=3)
    observer.does("step")

    def end(why: str) -> None:
        said.append(why)
        ended.set()

    away = Away(answers=answers)
    with watched(observer, hung_after_s=0.2, beats=Beats(away, of="run", answered_within_s=0.2), end=end):
        assert ended.wait(10)
    assert "worker 0 holds the others up: the store on its machine" in said[0]
    assert away.asked == ["beat-run-0"]


def workers(folder: Path, *, how: str) -> list["subprocess.Popen[str]"]:
    environment = os.environ | {RENDEZVOUS_FOLDER: str(folder), "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, "-m", "tests.watchdog_worker", str(rank), how],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]


def test_a_worker_that_sleeps_in_its_data_is_named_and_the_others_end_with_the_code_to_start_again(
    tmp_path: Path,
) -> None:
    waiting, asleep = workers(tmp_path, how=SLEEPS)
    try:
        said = waiting.communicate(timeout=60)[1]
        assert "worker 1 holds the others up: in 'data' after step 3" in said
        assert waiting.returncode == EXIT_PREEMPTED
    finally:
        asleep.kill()
        asleep.communicate()


def test_a_worker_that_was_stopped_is_named(tmp_path: Path) -> None:
    waiting, stopped = workers(tmp_path, how="")
    try:
        store = FolderStore(tmp_path)
        store.wait(["beat-run-1"])
        stopped.send_signal(signal.SIGSTOP)
        assert "worker 1 holds the others up: not heard of" in waiting.communicate(timeout=60)[1]
    finally:
        stopped.kill()
        stopped.communicate()
