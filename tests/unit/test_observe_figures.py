import pytest
import torch

from training.observe.figures import Counted, Figures, Work, figures
from training.observe.observer import Observer

LOSS = torch.tensor(2.0)


def counted(*, rows: int = 100, seconds: float = 2.0, **phases: float) -> Counted:
    return Counted(
        step=10,
        steps=5,
        rows=rows,
        seconds=seconds,
        by_phase=phases,  # pyright: ignore[reportArgumentType]
        loss=1.0,
        gradient_norm=3.0,
        memory_bytes=0,
    )


def test_rates_are_those_of_all_workers_over_the_time_that_passed() -> None:
    seen = figures(counted(rows=100, seconds=2), Work(tokens=8), workers=4)
    assert (seen.rows_per_s, seen.tokens_per_s) == (50, 400)


def test_utilization_counts_the_peak_of_every_worker() -> None:
    seen = figures(counted(rows=100, seconds=2), Work(flops=10, peak_flops=250), workers=4)
    assert seen.mfu == pytest.approx(0.5)


@pytest.mark.parametrize("work", [Work(flops=10), Work(peak_flops=250), Work()])
def test_utilization_is_not_guessed_where_the_task_or_the_device_is_not_known(work: Work) -> None:
    assert figures(counted(), work, workers=1).mfu is None


def test_waits_and_stalls_are_shares_of_the_time() -> None:
    seen = figures(counted(seconds=2, data=0.5, checkpoint=0.2), Work(), workers=1)
    assert (seen.waited, seen.stalled) == (pytest.approx(0.25), pytest.approx(0.1))


def test_a_rate_in_words_is_of_tokens_where_rows_have_them() -> None:
    words = figures(counted(rows=100, seconds=2), Work(tokens=8, flops=10, peak_flops=1000), workers=1).rate
    assert words == "400 tokens/s · MFU 0.50"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def observed(clock: Clock, told: list[Figures], *, every_steps: int = 2) -> Observer:
    return Observer(every_steps=every_steps, workers=2, tell=told.append, clock=clock)


def take(observer: Observer, clock: Clock, step: int, *, loss: float = 2.0, data_s: float = 1.0) -> None:
    observer.does("data")
    clock.now += data_s
    observer.does("step")
    clock.now += 1.0
    observer.stepped(step, loss=torch.tensor(loss), norm=None, rows=16)


def test_steps_are_told_every_so_often_with_their_mean_loss() -> None:
    clock, told = Clock(), list[Figures]()
    observer = observed(clock, told)
    for step, loss in ((1, 1.0), (2, 3.0), (3, 9.0)):
        take(observer, clock, step, loss=loss)
    assert [(seen.step, seen.loss) for seen in told] == [(2, 2.0)]


def test_each_report_counts_only_what_came_after_the_one_before() -> None:
    clock, told = Clock(), list[Figures]()
    observer = observed(clock, told)
    for step, data_s in ((1, 1.0), (2, 1.0), (3, 0.0), (4, 0.0)):
        take(observer, clock, step, data_s=data_s)
    assert [seen.waited for seen in told] == [0.5, 0.0]


def test_an_observer_that_is_never_due_tells_nothing() -> None:
    clock, told = Clock(), list[Figures]()
    observer = observed(clock, told, every_steps=0)
    take(observer, clock, 1)
    assert not told
