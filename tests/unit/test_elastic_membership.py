"""Workers that meet in a folder: threads here, each as if it were a process of its own."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import psutil
import pytest
from torch.distributed import DistStoreError, TCPStore  # pyright: ignore[reportPrivateImportUsage]

from training.elastic.membership import Membership, Round, RunIsOver
from training.elastic.roster import Member, Roster
from training.elastic.store import FolderStore
from training.preempt import Left

PATIENCE_S = 30.0


def worker(
    folder: Path, number: int, *, fewest: int = 1, most: int = 2, told: Callable[[], bool] = lambda: False
) -> Membership:
    """One of a machine of its own, which is alive for as long as a test takes: its last beat is yet to come."""
    me = Member(host=f"machine {number}", process=1, born=0.0)
    store = FolderStore(folder)
    store.set(f"beat/{me.name}", str(time.time() + PATIENCE_S))
    return Membership(store, fewest=fewest, most=most, is_noticed=told, me=me)


@pytest.fixture
def process() -> Iterator[psutil.Popen]:
    """One that does nothing."""
    with psutil.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as started:
        yield started
        with suppress(psutil.NoSuchProcess):
            started.kill()


def together(*workers: Membership) -> list[Round]:
    with ThreadPoolExecutor(len(workers)) as pool:
        return [met.result(PATIENCE_S) for met in [pool.submit(worker.meet) for worker in workers]]


def later(act: Callable[[], Round]) -> Future[Round]:
    """What it comes to, in a thread of its own."""
    found: Future[Round] = Future()

    def work() -> None:
        try:
            found.set_result(act())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return found


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.01)


def test_workers_that_start_together_meet_with_a_rank_each(tmp_path: Path):
    met = together(worker(tmp_path, 1), worker(tmp_path, 2))
    assert sorted(each.rank for each in met) == [0, 1]
    assert {each.size for each in met} == {2}


def test_one_that_waits_is_seen_and_let_in(tmp_path: Path):
    first, second = worker(tmp_path, 1), worker(tmp_path, 2)
    first.meet()  # alone, after a last call
    waiting = later(second.meet)
    until(first.is_awaited)
    assert first.meet().size == waiting.result(PATIENCE_S).size == 2


def test_one_that_leaves_is_not_waited_for(tmp_path: Path):
    first, second = worker(tmp_path, 1), worker(tmp_path, 2)
    together(first, second)
    assert second.leave()
    assert first.meet().size == 1


def test_the_last_to_leave_learns_that_nobody_is_left(tmp_path: Path):
    first, second = worker(tmp_path, 1), worker(tmp_path, 2)
    together(first, second)
    first.leave()
    assert not second.leave()


def test_one_that_is_told_to_go_while_it_waits_leaves(tmp_path: Path):
    with pytest.raises(Left) as left:
        worker(tmp_path, 1, fewest=2, told=lambda: True).meet()
    assert not left.value.others


def test_one_that_comes_when_the_run_is_over_is_told_so(tmp_path: Path):
    worker(tmp_path, 1).end()
    with pytest.raises(RunIsOver):
        worker(tmp_path, 2).meet()


def test_a_process_of_this_machine_that_died_is_not_waited_for(tmp_path: Path, process: psutil.Popen):
    other = Member(host=socket.gethostname(), process=process.pid, born=process.create_time())
    first, second = (Membership(FolderStore(tmp_path), fewest=1, most=2, me=me) for me in (None, other))
    together(first, second)
    process.kill()
    process.wait()
    assert first.meet().size == 1


def test_a_number_that_was_given_to_another_process_is_not_taken_for_the_one_who_had_it(
    tmp_path: Path, process: psutil.Popen
):
    before = Member(host=socket.gethostname(), process=process.pid, born=process.create_time() - 60.0)
    FolderStore(tmp_path).set("roster", msgspec.json.encode(Roster(round=1, members=(before,))))
    assert Membership(FolderStore(tmp_path), fewest=1, most=2).meet().size == 1


def test_waiting_for_word_from_one_that_died_ends_at_once(tmp_path: Path):
    store = FolderStore(tmp_path)
    store.give_up = lambda: "it died"
    with pytest.raises(DistStoreError, match="it died"):
        store.get("word")


def test_waiting_for_word_that_does_not_come_ends(tmp_path: Path):
    with pytest.raises(DistStoreError, match="nothing within 0 s"):
        FolderStore(tmp_path).wait(["word"], timedelta(seconds=0.01))


def test_of_two_that_change_a_word_one_is_told_that_it_was_late(tmp_path: Path):
    store = FolderStore(tmp_path)
    assert store.compare_set("word", "", "mine") == b"mine"
    assert store.compare_set("word", "", "theirs") == b"mine"


def test_sums_of_many_lose_nothing(tmp_path: Path):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: FolderStore(tmp_path).add("sum", 1), range(40)))
    assert FolderStore(tmp_path).get("sum") == b"40"


def test_workers_of_two_machines_meet_over_a_store_that_listens(tmp_path: Path):
    host = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    stores = [host, TCPStore("127.0.0.1", host.port, is_master=False)]
    machines = [
        Membership(store, fewest=2, most=2, me=Member(host=f"machine {number}", process=1, born=0.0))
        for number, store in enumerate(stores)
    ]
    assert {each.size for each in together(*machines)} == {2}
    for machine in machines:
        machine.leave()
