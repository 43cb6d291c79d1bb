import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.journal import Step
from training.rehearsal.curve import TOLERANCE, compare


def step(number: int, at: float, *, loss: float = 0.5) -> Step:
    return Step(step=number, loss=loss, workers=2, at=at)


def test_a_loss_that_differs_by_more_than_another_order_of_sums_disturbs_the_curve():
    curve = compare([step(1, 1.0), step(2, 2.0)], [step(1, 1.0), step(2, 2.0, loss=0.5 + 2 * TOLERANCE)])
    assert not curve.is_undisturbed
    assert curve.at_step == 2


def test_a_step_that_was_never_taken_disturbs_the_curve():
    assert not compare([step(1, 1.0), step(2, 2.0)], [step(1, 1.0)]).is_undisturbed


def test_a_step_whose_leading_worker_was_killed_before_it_wrote_it_is_judged_by_the_next():
    expected = [step(number, float(number)) for number in (1, 2, 3)]
    curve = compare(expected, [step(1, 1.0), step(3, 3.0)], killed_at=[2.0])
    assert (curve.unwritten, curve.is_undisturbed) == (1, True)


def test_a_kill_elsewhere_does_not_excuse_a_step_that_was_not_written():
    expected = [step(number, float(number)) for number in (1, 2, 3)]
    assert not compare(expected, [step(1, 1.0), step(3, 3.0)], killed_at=[3.5]).is_undisturbed


def test_both_times_that_a_step_was_taken_are_compared():
    twice = [step(1, 1.0, loss=0.9), step(1, 2.0)]
    assert compare([step(1, 1.0)], twice).difference == pytest.approx(0.4)


def test_a_loss_that_is_no_number_disturbs_the_curve():
    taken = [step(1, 1.0), step(2, 2.0)]
    assert not compare(taken, [step(1, 1.0, loss=float("nan")), step(2, 2.0)]).is_undisturbed


def test_a_run_without_a_step_has_no_curve_that_could_be_undisturbed():
    assert not compare([], []).is_undisturbed


@given(st.lists(st.floats(0, 10), min_size=1, max_size=30), st.integers(0, 29))
def test_a_run_that_goes_back_to_any_step_and_computes_the_same_is_undisturbed(losses: list[float], back: int):
    steps = [step(number, float(number), loss=loss) for number, loss in enumerate(losses, start=1)]
    assert compare(steps, [*steps, *steps[back:]]).is_undisturbed
