"""Notices from simulated metadata servers, which answer over real HTTP on loopback."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.simulated_metadata import LONGEST_TTL_S, SimulatedEc2, SimulatedGce, served
from training.config import Watched
from training.notices import NoAnswerError, chosen, watching
from training.notices.ec2 import Ec2
from training.notices.gce import Gce
from training.notices.metadata import Server
from training.preempt import Notice, Preemption, heeded

ACTION, REBALANCE = "spot/instance-action", "events/recommendations/rebalance"
TERMINATE = '{"action": "terminate", "time": "2026-11-23T17:31:05Z"}'
UNLIKELY_TO_STAY = '{"noticeTime": "2026-11-23T17:20:00Z"}'
LEAVE = Notice(said="EC2 takes this instance back at 2026-11-23 17:31:05 UTC (terminate)")
SAVE_SOON = Notice(said="EC2 may take this instance back soon (rebalance, 2026-11-23 17:20:00 UTC)", leaves=False)


@pytest.fixture
def cloud() -> SimulatedEc2:
    return SimulatedEc2()


@pytest.fixture
def ec2(cloud: SimulatedEc2) -> Iterator[Ec2]:
    with served(cloud) as server:
        yield Ec2(server=server)


@pytest.fixture
def google() -> SimulatedGce:
    return SimulatedGce()


@pytest.fixture
def gce(google: SimulatedGce) -> Iterator[Gce]:
    with served(google) as server:
        yield Gce(server=server, clock=lambda: 1_763_919_035.0, wait_s=1)


def test_an_instance_that_stays_has_no_notice(ec2: Ec2):
    assert ec2.look() is None


def test_an_instance_that_ec2_takes_back_is_to_be_left_by_the_time_it_says(cloud: SimulatedEc2, ec2: Ec2):
    cloud.tell(ACTION, TERMINATE)
    assert ec2.look() == LEAVE


def test_a_rebalance_recommendation_asks_for_a_checkpoint_only(cloud: SimulatedEc2, ec2: Ec2):
    cloud.tell(REBALANCE, UNLIKELY_TO_STAY)
    assert ec2.look() == SAVE_SOON


def test_what_is_certain_goes_before_what_is_likely(cloud: SimulatedEc2, ec2: Ec2):
    cloud.tell(REBALANCE, UNLIKELY_TO_STAY)
    cloud.tell(ACTION, TERMINATE)
    assert ec2.look() == LEAVE


def test_one_token_serves_until_its_time_is_nearly_over(cloud: SimulatedEc2):
    now = [0.0]
    with served(cloud) as server:
        ec2 = Ec2(server=server, clock=lambda: now[0])
        ec2.look()
        now[0] = LONGEST_TTL_S / 2
        ec2.look()
        assert len(cloud.tokens) == 1
        now[0] = LONGEST_TTL_S - 60
        ec2.look()
        assert len(cloud.tokens) == 2


def test_a_token_that_is_no_longer_taken_is_renewed_at_once(cloud: SimulatedEc2, ec2: Ec2):
    ec2.look()
    cloud.withdraw_tokens()
    cloud.tell(ACTION, TERMINATE)
    assert ec2.look() == LEAVE


@pytest.mark.parametrize("nonsense", ["", "<html>", '{"action": "terminate"}', '{"action": 1, "time": "soon"}'])
def test_an_answer_that_is_no_notice_is_taken_for_none(cloud: SimulatedEc2, ec2: Ec2, nonsense: str):
    cloud.tell(ACTION, nonsense)
    with pytest.raises(NoAnswerError, match="is no notice"):
        ec2.look()


@pytest.mark.parametrize("source", [Ec2, Gce])
def test_a_server_that_does_not_answer_is_named_with_what_it_was_asked(source: Callable[..., Ec2 | Gce]):
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        silent = Server(host="127.0.0.1", port=unheard.getsockname()[1])
        with pytest.raises(NoAnswerError, match=r"(PUT /latest/api/token|GET /computeMetadata\S+): "):
            source(server=silent).look()


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch, cloud: SimulatedEc2, ec2: Ec2):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    cloud.tell(ACTION, TERMINATE)
    assert ec2.look() == LEAVE


def test_another_server_than_the_one_asked_for_is_not_believed(cloud: SimulatedEc2):
    with served(cloud) as server, pytest.raises(NoAnswerError):
        Gce(server=server).look()


def test_an_instance_of_compute_engine_that_stays_has_no_notice(gce: Gce):
    assert gce.look() is None


def test_a_preempted_instance_has_thirty_seconds(google: SimulatedGce, gce: Gce):
    google.tell("preempted", "TRUE")
    assert gce.look() == Notice(said="Compute Engine takes this instance back by 2025-11-23 17:31:05 UTC (preempted)")


@pytest.mark.parametrize("event", ["MIGRATE_ON_HOST_MAINTENANCE", "TERMINATE_ON_HOST_MAINTENANCE"])
def test_maintenance_asks_for_a_checkpoint_only(google: SimulatedGce, gce: Gce, event: str):
    google.tell("maintenance-event", event)
    notice = gce.look()
    assert notice is not None
    assert not notice.leaves


def test_a_preemption_is_heard_when_it_comes_and_not_when_the_wait_is_over(google: SimulatedGce):
    with served(google) as server:
        gce = Gce(server=server, wait_s=60)
        assert gce.look() is None
        heard: list[Notice | None] = []
        asking = threading.Thread(target=lambda: heard.append(gce.look()))
        asking.start()
        assert google.waiting.wait(10)
        google.tell("preempted", "TRUE")
        asking.join(10)
        assert heard
        assert heard[0] is not None


def test_gkes_own_server_knows_of_no_preemption_and_says_so(google: SimulatedGce, gce: Gce):
    del google.values["preempted"]
    with pytest.raises(NoAnswerError, match="preempted: 404"):
        gce.look()


class Told:
    """A source that gives these answers, one a look, and the last one ever after."""

    name, pause_s = "Told", 0.0

    def __init__(self, *answers: Notice | NoAnswerError | None) -> None:
        self._answers = list(answers)

    def look(self) -> Notice | None:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, NoAnswerError):
            raise answer
        return answer


def watched(*answers: Notice | NoAnswerError | None) -> tuple[Preemption, Sequence[str]]:
    """What is known and what was said when the thread has ended by itself."""
    preemption, said = Preemption(), list[str]()
    with watching(Told(*answers), preemption, say=said.append) as thread:
        assert thread is not None
        thread.join(10)
        assert not thread.is_alive()
    return preemption, said


def test_a_notice_reaches_the_run_and_the_log():
    preemption, said = watched(None, LEAVE)
    assert (preemption.notice, said) == (LEAVE, [LEAVE.said])


def test_advice_is_said_once_however_long_it_stands_and_the_notice_after_it_is_heard():
    preemption, said = watched(SAVE_SOON, SAVE_SOON, SAVE_SOON, LEAVE)
    assert preemption.take_advice()
    assert said == [SAVE_SOON.said, LEAVE.said]


def test_a_source_that_never_answers_is_named_and_asked_no_more():
    preemption, said = watched(NoAnswerError("timed out"))
    assert not preemption.requested
    assert said == ["Told gives no notices (timed out); signals are heeded"]


def test_a_source_that_falls_silent_is_asked_on():
    preemption, _ = watched(None, *[NoAnswerError("away")] * 10, LEAVE)
    assert preemption.requested


def test_nobody_asks_once_the_run_is_over():
    with watching(Told(None), Preemption()) as thread:
        assert thread is not None
    thread.join(10)
    assert not thread.is_alive()


def test_the_first_notice_is_the_one_that_counts():
    preemption = Preemption()
    preemption.heed(LEAVE)
    preemption.request()
    assert preemption.notice == LEAVE


def test_advice_is_taken_once_and_asks_nobody_to_leave():
    preemption = Preemption()
    preemption.heed(SAVE_SOON)
    assert [preemption.take_advice(), preemption.take_advice(), preemption.requested] == [True, False, False]


def test_a_signal_is_a_notice_that_names_it():
    with heeded() as preemption:
        before = time.monotonic()
        preemption.request()
    assert preemption.notice == Notice(said="SIGTERM asks to stop")
    assert preemption.came_at >= before


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"sys_vendor": "Amazon EC2\n"}, Ec2),
        ({"sys_vendor": "Google\n", "product_name": "Google Compute Engine\n"}, Gce),
        ({"sys_vendor": "LENOVO\n", "product_name": "20XW\n"}, type(None)),
        ({}, type(None)),
    ],
)
def test_a_machine_asks_its_own_maker_and_a_laptop_nobody(tmp_path: Path, files: dict[str, str], expected: type):
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert isinstance(chosen("auto", dmi=tmp_path, environment={}), expected)


def test_a_pod_asks_nobody_unless_told_to(tmp_path: Path):
    (tmp_path / "sys_vendor").write_text("Amazon EC2\n")
    pod = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    assert chosen("auto", dmi=tmp_path, environment=pod) is None
    assert isinstance(chosen("ec2", dmi=tmp_path, environment=pod), Ec2)


@pytest.mark.parametrize(("watch", "expected"), [("ec2", Ec2), ("gce", Gce), ("none", type(None))])
def test_settings_say_whom_to_ask_whatever_the_machine(tmp_path: Path, watch: Watched, expected: type):
    assert isinstance(chosen(watch, dmi=tmp_path, environment={}), expected)
