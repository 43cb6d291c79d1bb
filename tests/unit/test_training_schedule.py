import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.schedule import Watch, learning_rate


def watch(*figures: float) -> Watch:
    seen = Watch()
    for epoch, figure in enumerate(figures, start=1):
        seen = seen.see(figure, epoch)
    return seen


def test_training_ends_after_patience_epochs_without_a_better_figure():
    assert not watch(0.8, 0.7).is_over(patience=2)
    assert watch(0.8, 0.7, 0.79).is_over(patience=2)


def test_a_better_figure_renews_patience():
    assert not watch(0.8, 0.7, 0.81).is_over(patience=2)


def test_an_equal_figure_is_not_better():
    assert watch(0.8, 0.8).epoch == 1


@given(st.lists(st.floats(0, 1), min_size=1))
def test_the_epoch_that_is_kept_has_the_highest_figure(figures: list[float]):
    seen = watch(*figures)
    assert seen.best == max(figures) == figures[seen.epoch - 1]


@given(st.integers(1, 10_000), st.floats(0, 0.9), st.data())
def test_the_rate_never_leaves_zero_to_peak(steps: int, warm_up: float, data: st.DataObject):
    step = data.draw(st.integers(0, steps - 1))
    assert 0 <= learning_rate(step, steps=steps, peak=0.1, warm_up=warm_up) <= 0.1 * (1 + 1e-9)


def test_the_rate_rises_to_its_peak_and_falls_towards_zero():
    rates = [learning_rate(step, steps=100, peak=1.0, warm_up=0.1) for step in range(100)]
    assert rates.index(max(rates)) in (9, 10)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] < 0.01
