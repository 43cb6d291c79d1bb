"""What others see of a run: Prometheus' text, a trace, and a job that ends because its GPUs do nothing."""

import gzip
import json
import socket
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest
import torch

from training.config import ObserveSettings
from training.observe.figures import Figures
from training.observe.gauges import NAMES, PHASE_SECONDS, Gauges, served
from training.observe.idle import IdleTime, busiest, idleness_ends
from training.observe.profile import profiled
from training.observe.whole import metrics_at

SEEN = Figures(
    step=7,
    workers=2,
    loss=0.5,
    gradient_norm=1.5,
    rows_per_s=100.0,
    tokens_per_s=800.0,
    mfu=0.4,
    memory_bytes=1024,
    waited=0.1,
    stalled=0.01,
    by_phase={"step": 3.0},
)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_every_figure_is_offered_under_its_documented_name() -> None:
    gauges, port = Gauges(), free_port()
    gauges.show(SEEN)
    with served(gauges, address="127.0.0.1", port=port), urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    assert [name for name in (*NAMES, PHASE_SECONDS) if f"\n{name}" not in text] == []


def test_utilization_that_is_not_known_is_absent_and_not_zero() -> None:
    gauges = Gauges()
    gauges.show(Figures(**{**vars(SEEN), "mfu": None}))
    assert gauges.registry.get_sample_value("slipway_training_mfu_ratio") is None


def test_a_port_in_use_is_said_and_ends_no_run() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with served(Gauges(), address="127.0.0.1", port=port) as wrong:
            assert wrong == f"no metrics at 127.0.0.1:{port}: Address already in use"


def test_a_trace_holds_what_the_steps_did(tmp_path: Path) -> None:
    said: list[str] = []
    with profiled(tmp_path, rank=1, said=said.append) as after_step:
        for _ in range(15):
            torch.matmul(torch.ones(8, 8), torch.ones(8, 8))
            after_step()
    events = json.loads(gzip.decompress((tmp_path / "rank-1.json.gz").read_bytes()))["traceEvents"]
    assert any(event.get("name") == "aten::matmul" for event in events)
    assert "rank-1.json.gz" in said[0]


def test_a_run_that_is_too_short_for_a_trace_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    with profiled(tmp_path, rank=0, said=said.append) as after_step:
        for _ in range(9):
            after_step()
    assert said == ["no trace was written: this start took no step beyond the first 10, which are let pass"]
    assert not list(tmp_path.iterdir())


def test_no_trace_is_written_unasked() -> None:
    with profiled(None, rank=0, said=lambda line: None) as after_step:
        after_step()


def test_work_in_between_begins_the_idle_time_anew() -> None:
    idle = IdleTime()
    assert [idle.see(percent, after_s=30) for percent in (0, 0, 80, 0)] == [30, 60, 0, 30]


def test_a_machine_that_cannot_tell_is_not_idle() -> None:
    assert IdleTime().see(None, after_s=30) == 0


def test_only_the_gpus_of_the_job_say_whether_it_idles() -> None:
    assert busiest("GPU-8e2b, 0\nGPU-77aa, 95\n", frozenset({"8e2b"})) == 0


def test_the_busiest_of_several_gpus_counts() -> None:
    assert busiest("GPU-8e2b, 0\nGPU-77aa, 95\n", frozenset({"8e2b", "77aa"})) == 95


def test_a_gpu_that_is_not_listed_cannot_be_told_of() -> None:
    assert busiest("GPU-77aa, 95\n", frozenset({"8e2b"})) is None


def test_idle_gpus_end_the_job_with_the_reason() -> None:
    ended, said = threading.Event(), list[str]()

    def end(why: str) -> None:
        said.append(why)
        ended.set()

    with idleness_ends(0.01, end, look=lambda: 0, look_s=0.1):
        assert ended.wait(10)
    assert said == ["the GPUs have done nothing for 0.01 minutes"]


@pytest.mark.parametrize(("minutes", "looks"), [(0.0, 0), (0.01, None)])
def test_idleness_ends_nothing_when_it_is_off_or_there_are_no_gpus(minutes: float, looks: int | None) -> None:
    said: list[str] = []
    with idleness_ends(minutes, said.append, look=lambda: looks, look_s=0.01):
        threading.Event().wait(0.1)
    assert not said


def test_figures_are_offered_where_the_settings_say():
    settings = ObserveSettings(metrics_port=9400)
    assert metrics_at(settings, {"SLIPWAY_METRICS": "10.0.0.7:29600"}) == ("127.0.0.1", 9400)


def test_else_figures_are_offered_where_whoever_started_the_worker_says():
    assert metrics_at(ObserveSettings(), {"SLIPWAY_METRICS": "10.0.0.7:29600"}) == ("10.0.0.7", 29600)


def test_else_figures_are_offered_nowhere():
    assert metrics_at(ObserveSettings(), {}) is None
