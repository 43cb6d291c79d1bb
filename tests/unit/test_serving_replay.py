"""Bar 3: a day of traffic, a region lost for an hour, against one on-demand region per continent at peak size."""

import functools

from infra.placement.serving.replay import DAY_MIN, diurnal
from tests.bench.placement import WANTED_SAVING, Compared, compared


@functools.cache
def day() -> Compared:
    return compared()


def test_no_window_of_the_day_misses_the_goal_although_a_region_is_lost():
    assert day().ours.missed == 0


def test_the_day_costs_half_of_one_region_per_continent_at_peak_size():
    assert day().saving >= WANTED_SAVING


def test_one_region_per_continent_misses_the_goal_while_one_is_lost():
    assert day().theirs.missed > 0


def test_a_slow_failover_is_not_hidden():
    assert day().slow_failover.missed > 0


def test_a_day_has_its_top_in_the_local_evening_and_the_mean_that_was_asked_for():
    load = diurnal(peak_rps=100, mean_to_peak=0.6, utc_offset_h=5.5)
    assert load.index(max(load)) == round((20 - 5.5) * 60)
    assert abs(sum(load) / DAY_MIN - 60) < 1


def test_the_comparison_is_with_regions_that_run_around_the_clock():
    hours = day().theirs.replica_hours
    assert sum(hours.values()) >= 24 * len(hours) - 1
