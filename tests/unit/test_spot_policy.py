from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.placement.errors import PlacementError
from infra.placement.spot import Action, History, Kind, Running, State, decide, replay
from infra.placement.spot.baselines import greedy
from tests.spot import HOUR_S, job, seen, spells

UP = frozenset({"a"})


def state(**known: object) -> State:
    """A job of 12 hours that has just begun, with spot to be had."""
    begun = State(
        job=job(),
        now_s=0,
        done_s=0,
        durable_s=0,
        spent_usd=0,
        running=None,
        visible=UP,
        history=History().after(0, ("a",), UP),
    )
    return replace(begun, **known)


def down(hours: float) -> History:
    """The zone was up for an hour, then down for `hours`."""
    history = History().after(0, ("a",), UP).after(HOUR_S, ("a",), frozenset())
    return history.after(hours * HOUR_S, ("a",), frozenset())


def test_spot_is_taken_when_it_is_there_and_there_is_time():
    assert decide(state()) == Action(kind=Kind.SPOT, zone="a", reason="spot is there and should stay long enough")


def test_running_spot_is_kept():
    assert decide(state(running=Running(kind=Kind.SPOT, zone="a"))).kind is Kind.SPOT


def test_with_much_time_an_outage_is_waited_for():
    assert decide(state(job=job(deadline=3), visible=frozenset(), history=down(0.2))).kind is Kind.WAIT


def test_with_no_time_an_outage_is_bridged_on_demand():
    assert decide(state(job=job(deadline=1.05), visible=frozenset(), history=down(0.2))).kind is Kind.ON_DEMAND


def test_on_demand_is_left_when_spot_is_back_and_there_is_slack():
    held = Running(kind=Kind.ON_DEMAND)
    assert decide(state(job=job(deadline=1.5), running=held)).kind is Kind.SPOT


def test_on_demand_is_kept_when_the_way_back_would_miss_the_deadline():
    late = state(job=job(), now_s=2.9 * HOUR_S, running=Running(kind=Kind.ON_DEMAND))
    assert decide(late).kind is Kind.ON_DEMAND


def test_on_demand_is_kept_when_spot_always_goes_at_once():
    history = History()
    for _ in range(40):
        history = history.after(60, ("a",), UP).after(60, ("a",), frozenset())
    held = Running(kind=Kind.ON_DEMAND)
    assert decide(state(running=held, history=history.after(60, ("a",), UP))).kind is Kind.ON_DEMAND


def test_the_zone_that_lost_least_is_taken():
    history = History()
    for _ in range(5):
        history = history.after(HOUR_S, ("a", "b"), frozenset("ab")).after(HOUR_S, ("a", "b"), frozenset("b"))
    asked = state(
        job=job(zones=("a", "b")), visible=frozenset("ab"), history=history.after(60, ("a", "b"), frozenset("ab"))
    )
    assert decide(asked).zone == "b"


def test_the_same_state_gets_the_same_answer():
    assert decide(state()) == decide(state())


def test_every_action_says_why():
    assert all(decide(state(visible=zones)).reason for zones in (UP, frozenset()))


def test_a_deadline_that_on_demand_would_miss_is_refused():
    with pytest.raises(PlacementError, match="even on-demand would miss it"):
        job(deadline=1.0)


@settings(max_examples=25, deadline=None)
@given(spells(), st.sampled_from([1.02, 1.1, 1.25, 1.5]), st.sampled_from([30.0, 300.0, 600.0]))
def test_no_trace_makes_it_miss_a_deadline(trace: list[int], deadline: float, gap_s: float):
    assert replay(job(hours=24, deadline=deadline), seen({"a": trace}, gap_s), decide).in_time


@settings(max_examples=25, deadline=None)
@given(spells(), spells(), st.sampled_from([1.02, 1.1, 1.5]))
def test_no_trace_makes_it_dearer_than_on_demand_by_more_than_allowed(
    one: list[int], other: list[int], deadline: float
):
    asked = job(hours=24, deadline=deadline, zones=("a", "b"))
    outcome = replay(asked, seen({"a": one, "b": other}), decide)
    assert outcome.usd <= (1 + asked.overrun) * asked.on_demand_usd + 1e-9


@settings(max_examples=25, deadline=None)
@given(spells(), st.sampled_from([1.1, 1.5]))
def test_work_lost_since_a_checkpoint_costs_no_deadline(trace: list[int], deadline: float):
    assert replay(job(hours=24, deadline=deadline, checkpoint_every_s=1800), seen({"a": trace}), decide).in_time


def test_it_comes_back_to_spot_where_greedy_stays_on_demand():
    """A long outage at the beginning, then spot for good: greedy has spent its slack and never looks again."""
    trace = seen({"a": [1] * 6 + [0] * 40 + [1] * 300})
    assert replay(job(hours=24), trace, decide).usd < 0.75 * replay(job(hours=24), trace, greedy).usd
