from hypothesis import given
from hypothesis import strategies as st

from services.tasks import Policy
from services.tasks.retry import retry_delay_s

POLICY = Policy(max_attempts=5, backoff_s=0.5, backoff_cap_s=3.0)
JITTER = st.floats(0, 1, exclude_max=True)


def delay_s(attempt: int, *, final: bool = False, jitter: float = 0.0, policy: Policy = POLICY) -> float | None:
    return retry_delay_s(attempt, policy, final=final, jitter=jitter)


def test_each_failure_doubles_the_wait_up_to_the_cap():
    assert [delay_s(attempt) for attempt in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 3.0]


def test_the_last_attempt_is_not_followed_by_another():
    assert delay_s(5) is None


def test_a_failure_that_would_repeat_is_given_up_at_the_first_attempt():
    assert delay_s(1, final=True) is None


def test_an_attempt_beyond_any_power_of_two_still_waits_for_the_cap():
    assert delay_s(5000, policy=Policy(max_attempts=10_000, backoff_cap_s=3.0)) == 3.0


@given(st.integers(1, 4), JITTER)
def test_jitter_takes_at_most_half_of_the_wait_away(attempt: int, jitter: float):
    whole, jittered = delay_s(attempt), delay_s(attempt, jitter=jitter)
    assert whole is not None
    assert jittered is not None
    assert whole / 2 <= jittered <= whole
