"""The loop that keeps a running job to its deadline: that it does what the policy would do in a replay."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.placement.spot import Action, Job, Kind, State, decide, replay
from slipway.errors import TrainingError
from slipway.steward import Steward
from tests.spot import HOUR_S, job, seen, spells
from training.launch.capacity import Capacity
from training.launch.cluster import ClusterAwayError
from training.launch.protocol import JobState
from training.outcome import TrainingResult

RESULT = TrainingResult(name="employment", digest="d" * 64, metrics={}, epochs=3, best_epoch=2, seconds=9.0)
AWAY = ClusterAwayError("the cluster does not answer")
GAP_S = 600.0
OUTAGES = [1] * 6 + [0] * 9 + [1] * 14 + [0] * 3 + [1] * 2 + [0] * 40 + [1] * 60


class Cloud:
    """A job on capacity that comes and goes as a trace says, and its clock. After the trace there is no spot."""

    def __init__(self, terms: Job, trace: Sequence[int]) -> None:
        self._terms, self._trace = terms, trace
        self.now_s, self._done_s, self._saved_s, self._warm_in_s = 0.0, 0.0, 0.0, 0.0
        self.on: Capacity | None = None
        self.orders: list[Capacity | None] = []
        self.fails_with: TrainingError | None = None
        self.was_cancelled = False

    @property
    def state(self) -> JobState:
        return JobState.SUCCEEDED if self._done_s >= self._terms.work_s else JobState.RUNNING

    def clock(self) -> float:
        return self.now_s

    def spot_is_there(self) -> bool:
        tick = int(self.now_s / GAP_S)
        return tick < len(self._trace) and bool(self._trace[tick])

    def done(self) -> float | None:
        return self._done_s / self._terms.work_s

    def be_on(self, capacity: Capacity | None) -> None:
        if self.fails_with is not None:
            raise self.fails_with
        if capacity != self.on:
            self.orders.append(capacity)
            self.on, self._warm_in_s = capacity, self._terms.restart_s
            self._saved_s = self._done_s

    def sleep(self, passed_s: float) -> None:
        if self.on is not None:
            self._done_s += max(0.0, passed_s - self._warm_in_s)
            self._warm_in_s = max(0.0, self._warm_in_s - passed_s)
        self.now_s += passed_s
        if self.on == "spot" and not self.spot_is_there():
            self.on = None
            if every_s := self._terms.checkpoint_every_s:
                self._done_s = self._saved_s + (self._done_s - self._saved_s) // every_s * every_s

    def wait(self) -> TrainingResult:
        return RESULT

    def cancel(self) -> None:
        self.was_cancelled = True


class Noted:
    """A policy and each change that it asked for, with its time, as a replay's timeline has them."""

    def __init__(self, policy: Callable[[State], Action] = decide) -> None:
        self._policy = policy
        self.timeline: list[tuple[float, Action]] = []

    def __call__(self, state: State) -> Action:
        action = self._policy(state)
        if not action.continues(state.running) and (action.kind is not Kind.WAIT or state.running is not None):
            self.timeline.append((state.now_s, action))
        return action


def steered(terms: Job, trace: Sequence[int], policy: Callable[[State], Action] = decide) -> Cloud:
    cloud = Cloud(terms, trace)
    assert Steward(cloud, terms, policy=policy, clock=cloud.clock, sleep=cloud.sleep).wait() == RESULT
    return cloud


def begun(trace: Sequence[int], said: list[str] | None = None, deadline: float = 3) -> tuple[Steward, Cloud]:
    """A job with much time, of which nothing was looked at yet."""
    terms = job(deadline=deadline)
    cloud = Cloud(terms, trace)
    show = said.append if said is not None else lambda _: None
    return Steward(cloud, terms, show=show, clock=cloud.clock, sleep=cloud.sleep), cloud


@pytest.mark.parametrize("deadline", [1.1, 1.25, 1.5])
@pytest.mark.parametrize("checkpoint_every_s", [0, 1800])
def test_a_running_job_is_moved_when_the_replay_of_its_trace_moves_it(deadline: float, checkpoint_every_s: float):
    terms, policy = job(deadline=deadline, checkpoint_every_s=checkpoint_every_s), Noted()
    steered(terms, OUTAGES, policy)
    assert tuple(policy.timeline) == replay(terms, seen({"a": OUTAGES}), decide).timeline


@settings(max_examples=20, deadline=None)
@given(spells(), st.sampled_from([1.1, 1.5]))
def test_no_trace_parts_a_running_job_from_its_replay(trace: list[int], deadline: float):
    terms, policy = job(deadline=deadline), Noted()
    steered(terms, trace, policy)
    assert tuple(policy.timeline) == replay(terms, seen({"a": trace}), decide).timeline


@settings(max_examples=20, deadline=None)
@given(spells(), st.sampled_from([1.05, 1.25, 1.5]))
def test_no_trace_makes_a_running_job_miss_its_deadline(trace: list[int], deadline: float):
    terms = job(deadline=deadline)
    assert steered(terms, trace).now_s <= terms.deadline_s


def test_spot_that_goes_is_waited_for_where_there_is_time():
    steward, cloud = begun([1, 1, 0, 0])
    steward.look()
    cloud.sleep(3 * GAP_S)
    steward.look()
    assert (cloud.orders, cloud.on) == (["spot"], None)


def test_a_job_that_waits_goes_on_demand_when_its_slack_is_spent():
    steward, cloud = begun([0], deadline=1.25)
    steward.look()
    assert cloud.orders == []
    cloud.sleep(2.7 * HOUR_S)
    steward.look()
    assert cloud.orders == ["on_demand"]


def test_an_order_that_the_cluster_did_not_hear_is_given_again():
    steward, cloud = begun([1, 1])
    cloud.fails_with = AWAY
    steward.look()
    cloud.fails_with = None
    steward.look()
    assert cloud.orders == ["spot"]


def test_a_cluster_that_is_away_is_no_end_of_the_job():
    said: list[str] = []
    steward, cloud = begun([1, 1], said)
    cloud.fails_with = AWAY
    assert steward.look() is JobState.RUNNING
    assert said[-1].startswith("the cluster does not answer")


def test_what_the_policy_says_is_shown_with_its_reason_once():
    said: list[str] = []
    steward, _ = begun([1, 1], said)
    steward.look()
    steward.look()
    assert said == ["spot: spot is there and should stay long enough"]


def test_what_the_cluster_refuses_ends_the_loop():
    steward, cloud = begun([1])
    cloud.fails_with = TrainingError("the cluster refuses: 403 Forbidden")
    with pytest.raises(TrainingError, match="403"):
        steward.wait()


def test_a_cancelled_job_is_cancelled_where_it_runs():
    steward, cloud = begun([1])
    steward.cancel()
    assert cloud.was_cancelled
