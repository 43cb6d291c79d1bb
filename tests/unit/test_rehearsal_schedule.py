from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.errors import TrainingError
from training.rehearsal.schedule import Change, schedule, steady

TRACES = st.lists(st.integers(0, 4), min_size=1, max_size=60).filter(any)


def one_pass(trace: list[int], *, workers: int | None = None, seconds: float = 60.0) -> list[Change]:
    plan = schedule(trace, workers=workers).lasting(seconds)
    return [change for change in islice(plan.changes(), len(trace)) if change.at_s < seconds - 1e-6]


def losses(trace: list[int]) -> list[int]:
    return [before - after for before, after in pairwise(trace) if after < before]


@given(TRACES)
def test_the_losses_of_a_trace_are_played_in_their_order_and_size(trace: list[int]):
    assert [change.lost for change in one_pass(trace) if change.lost] == losses(trace)


@given(TRACES)
def test_each_change_goes_on_from_where_the_one_before_left_the_workers(trace: list[int]):
    plan = schedule(trace).lasting(60)
    played = list(islice(plan.changes(), 100))
    assert played[0].before == 0
    assert all(first.after == second.before != second.after for first, second in pairwise(played))


@given(TRACES, st.floats(1, 1000))
def test_a_pass_takes_the_seconds_it_was_given_and_changes_are_evenly_spaced(trace: list[int], seconds: float):
    plan = schedule(trace).lasting(seconds)
    assert plan.spacing_s * len(plan.levels) == pytest.approx(seconds)
    turns = [change.at_s / plan.spacing_s for change in islice(plan.changes(), 100)]
    assert turns == pytest.approx([round(turn) for turn in turns])


def test_a_quiet_week_is_as_short_as_a_quiet_minute():
    assert [change.at_s for change in one_pass([1] * 10_000 + [0, 1], seconds=30)] == [0, 10, 20]


def test_a_trace_that_begins_with_none_waits_for_its_first_instance():
    assert one_pass([0, 0, 2, 1], seconds=30) == [
        Change(at_s=10, before=0, after=2),
        Change(at_s=20, before=2, after=1),
    ]


def test_a_trace_that_has_ended_begins_anew():
    plan = schedule([2, 1]).lasting(20)
    assert [(change.at_s, change.after) for change in islice(plan.changes(), 4)] == [(0, 2), (10, 1), (20, 2), (30, 1)]


def test_nothing_changes_between_two_passes_where_a_trace_ends_as_it_began():
    plan = schedule([1, 0, 1]).lasting(30)
    assert [change.at_s for change in islice(plan.changes(), 4)] == [0, 10, 20, 40]


@given(TRACES)
def test_a_trace_that_is_played_once_ends_with_all_workers(trace: list[int]):
    played = list(schedule(trace).lasting(60).once().changes())
    assert [change.lost for change in played if change.lost] == losses(trace)
    assert played[-1].after == max(trace)


@given(TRACES)
def test_turns_are_the_changes_of_a_pass_without_the_first_arrival(trace: list[int]):
    plan = schedule(trace).lasting(60).once()
    assert plan.turns == len(list(plan.changes())) - 1


def test_the_run_to_compare_with_has_all_its_workers_at_once_and_keeps_them():
    assert list(steady(3).changes()) == [Change(at_s=0, before=0, after=3)]


def test_an_instance_takes_all_its_workers_with_it():
    assert [change.lost for change in one_pass([2, 1], workers=6)] == [0, 3]


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_that_cannot_be_spread_evenly_over_the_instances_are_refused(workers: int):
    with pytest.raises(TrainingError, match=f"{workers} workers cannot be spread evenly over the trace's 2 instances"):
        schedule([2, 1], workers=workers)


@pytest.mark.parametrize("trace", [[], [0, 0]])
def test_a_trace_without_any_instance_is_refused(trace: list[int]):
    with pytest.raises(TrainingError, match="never has an instance"):
        schedule(trace)
