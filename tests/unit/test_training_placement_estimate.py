"""The closed form of a job on spot, and what a record of a zone tells and does not tell."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.placement.training import Job, Rates, estimate, from_record, unrecorded
from infra.placement.training.estimate import seeing, waiting

HOUR_S = 3600
JOB = Job(work_h=48, deadline_h=60, restart_h=0.2)
RATES = Rates(spot=0.3, on_demand=1.0)
FLOOR_USD = (48 + 0.2) * 0.3
STEADY_USD = (48 + 0.2) * 1.0


def days(count: int, share: float) -> list[bool]:
    """A record by the hour in which every day has the same good hours."""
    return [hour % 24 < 24 * share for hour in range(count * 24)]


def test_spot_that_is_always_there_costs_its_hours():
    found = estimate(JOB, RATES, from_record([[True] * 24 * 365], HOUR_S))
    assert found.usd.low == pytest.approx(FLOOR_USD)
    assert found.usd.expected == pytest.approx(FLOOR_USD, rel=0.05)


def test_spot_that_is_never_there_costs_little_more_than_on_demand():
    found = estimate(JOB, RATES, from_record([[False] * 24 * 365], HOUR_S))
    assert found.usd.expected == pytest.approx(STEADY_USD, rel=0.03)
    assert found.usd.high <= STEADY_USD * 1.02 + 1e-9


def test_spot_as_dear_as_on_demand_is_left_alone():
    found = estimate(JOB, Rates(spot=1.0, on_demand=1.0), unrecorded(zones=3))
    assert (found.spot_h, found.usd.expected) == (0, pytest.approx(STEADY_USD))


def test_nothing_recorded_makes_the_band_nearly_all_that_is_possible():
    usd = estimate(JOB, RATES, unrecorded(zones=1)).usd
    assert usd.low == pytest.approx(FLOOR_USD)
    assert usd.high > 0.95 * STEADY_USD


def test_a_longer_record_of_the_same_makes_the_band_narrower():
    widths = [
        estimate(JOB, RATES, from_record([days(count, 0.6)], HOUR_S)).usd.relative_width for count in (2, 20, 200)
    ]
    assert all(earlier > later for earlier, later in pairwise(widths))


def test_a_record_shorter_than_the_job_does_not_promise_what_it_saw():
    usd = estimate(JOB, RATES, from_record([[True] * 10], HOUR_S)).usd
    assert usd.high > 0.8 * STEADY_USD


def test_a_record_asked_more_often_knows_no_more():
    seldom, often = days(10, 0.6), [up for up in days(10, 0.6) for _ in range(6)]
    one = estimate(JOB, RATES, from_record([seldom], HOUR_S)).usd
    other = estimate(JOB, RATES, from_record([often], HOUR_S / 6)).usd
    assert one.expected == pytest.approx(other.expected, rel=0.02)
    assert one.relative_width == pytest.approx(other.relative_width, rel=0.1)


def test_zones_that_change_by_the_week_are_less_certain_than_those_that_change_by_the_hour():
    weeks = [hour // (24 * 7) % 2 == 0 for hour in range(24 * 7 * 8)]
    hours = [hour % 2 == 0 for hour in range(24 * 7 * 8)]
    assert from_record([weeks], HOUR_S).turnover_h > 10 * from_record([hours], HOUR_S).turnover_h


def test_more_zones_are_expected_to_give_spot_more_often():
    costs = [estimate(JOB, RATES, unrecorded(zones=zones)).usd.expected for zones in (1, 2, 4, 8)]
    assert all(fewer > more for fewer, more in pairwise(costs))


def test_zones_that_are_out_at_different_times_are_one_that_is_never_out():
    supply = from_record([days(20, 0.5), [not up for up in days(20, 0.5)]], HOUR_S)
    assert (supply.share, supply.lives_h) == (1.0, (12.0,))


def test_restarts_cost_more_where_spells_are_short():
    calm = [hour % 20 < 10 for hour in range(2000)]
    nervous = [hour % 2 < 1 for hour in range(2000)]
    slow = Job(work_h=48, deadline_h=200, restart_h=0.5)
    costs = [estimate(slow, RATES, from_record([record], HOUR_S)).spot_h for record in (calm, nervous)]
    assert costs[0] < costs[1]


@given(st.floats(0.001, 0.999), st.floats(0.2, 1.0), st.floats(48.3, 200))
def test_knowing_the_future_never_costs_more_than_waiting(share: float, progress: float, deadline_h: float):
    job = Job(work_h=48, deadline_h=deadline_h, restart_h=0.2)
    if RATES.spot / progress < RATES.on_demand:
        assert seeing(job, share).usd(RATES) <= waiting(job, share, progress).usd(RATES) * (1 + 1e-9)


@given(st.floats(0.001, 0.999), st.floats(0.05, 1.0), st.floats(48.3, 200))
def test_waiting_keeps_the_deadline_and_does_the_work(share: float, progress: float, deadline_h: float):
    job = Job(work_h=48, deadline_h=deadline_h, restart_h=0.2)
    use = waiting(job, share, progress)
    assert use.elapsed_h <= deadline_h * (1 + 1e-9)
    assert use.spot_h * progress + use.on_demand_h >= job.work_h + job.restart_h - 1e-6


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 400), st.floats(0.02, 0.98))
def test_a_spread_is_a_distribution_with_the_share_that_is_expected(seed: int, ticks: int, share: float):
    chance = random.Random(seed)
    supply = from_record([[chance.random() < share for _ in range(ticks)]], HOUR_S)
    spread = supply.spread(60)
    assert sum(mass for _, mass in spread) == pytest.approx(1)
    mean = sum(value * mass for value, mass in spread)
    assert mean == pytest.approx(supply.expected_share(60), abs=0.03)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.05, 0.999),
    st.integers(1, 8),
    st.floats(0.3, 3000),
    st.floats(42.1, 200),
    st.floats(0, 1),
    st.floats(0.01, 2),
)
def test_the_band_holds_what_is_expected_and_never_misses_the_deadline(
    price: float, zones: int, life_h: float, deadline_h: float, repeated_h: float, restart_h: float
):
    job = Job(work_h=40, deadline_h=deadline_h, restart_h=restart_h, repeated_h=repeated_h)
    found = estimate(job, Rates(spot=price, on_demand=1.0), unrecorded(zones=zones, life_h=life_h))
    assert found.usd.low <= found.usd.expected <= found.usd.high
    assert found.hours.high <= deadline_h * (1 + 1e-9)
