"""Queues and cold starts: the formulas against what is known of them, and against a simulation."""

import heapq
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.placement.serving import coldstart, queueing


def test_with_one_server_the_chance_to_wait_is_its_utilisation():
    assert queueing.chance_to_wait(1, 0.7) == pytest.approx(0.7)


def test_erlang_c_of_two_servers_is_that_of_the_textbook():
    assert queueing.chance_to_wait(2, 0.75) == pytest.approx(9 / 14)


@given(st.integers(1, 60), st.floats(0.05, 0.95))
def test_more_servers_at_the_same_utilisation_never_wait_longer(servers: int, utilisation: float):
    def wait(count: int) -> float:
        return queueing.wait_ms(servers=count, utilisation=utilisation, service_ms=10, variation=1, quantile=0.95)

    assert wait(servers + 1) <= wait(servers) + 1e-9


def test_the_wait_of_an_exponential_queue_is_that_of_a_simulation():
    expected = queueing.wait_ms(servers=3, utilisation=0.8, service_ms=10, variation=1, quantile=0.95)
    assert simulated_wait_ms(servers=3, utilisation=0.8, service_ms=10) == pytest.approx(expected, rel=0.1)


def simulated_wait_ms(*, servers: int, utilisation: float, service_ms: float, requests: int = 100_000) -> float:
    pick = random.Random(5)
    free_at = [0.0] * servers
    now, waits = 0.0, []
    for _ in range(requests):
        now += pick.expovariate(utilisation * servers / service_ms)
        start = max(now, heapq.heappop(free_at))
        heapq.heappush(free_at, start + pick.expovariate(1 / service_ms))
        waits.append(start - now)
    return sorted(waits)[int(0.95 * requests)]


def test_service_times_that_do_not_vary_are_the_mean_at_every_quantile():
    assert queueing.served_ms(service_ms=8, variation=0, quantile=0.99) == 8


def test_the_network_at_the_95th_percentile_is_the_stated_multiple_of_its_median():
    assert queueing.network_ms(median_ms=100, p95_to_p50=1.3, quantile=0.95) == pytest.approx(130)


@pytest.mark.parametrize("per_s", [0.005, 0.05, 0.5])
@pytest.mark.parametrize("warm", [0, 1])
def test_fewer_requests_start_cold_in_a_simulation_than_the_formula_says(per_s: float, warm: int):
    service_s, idle_s = 0.5, 60.0
    stated = coldstart.cold_share(per_s=per_s, idle_s=idle_s)
    if warm:
        stated = min(stated, coldstart.warm_cold_share(service_s=service_s, idle_s=idle_s))
    assert simulated_cold_share(per_s=per_s, service_s=service_s, idle_s=idle_s, warm=warm) <= stated * 1.05


def simulated_cold_share(*, per_s: float, service_s: float, idle_s: float, warm: int, requests: int = 30_000) -> float:
    """The instance that was used last is taken first, as Lambda does; idle ones go after a while, warm ones never."""
    pick = random.Random(5)
    busy: list[float] = []
    idle: list[float] = [0.0] * warm
    now, cold = 0.0, 0
    for _ in range(requests):
        now += pick.expovariate(per_s)
        while busy and busy[0] <= now:
            idle.append(heapq.heappop(busy))
        idle.sort()
        gone = [since for since in idle if now - since > idle_s]
        standing = len(busy) + len(idle) - len(gone)
        kept = gone[len(gone) - max(0, warm - standing) :] if warm > standing else []
        idle = [*kept, *(since for since in idle if now - since <= idle_s)]
        if idle:
            idle.pop()
        else:
            cold += 1
        heapq.heappush(busy, now + pick.expovariate(1 / service_s))
    return cold / requests


def test_when_more_start_cold_than_may_be_late_no_warm_request_can_make_up_for_it():
    assert coldstart.quantile_of_warm(quantile=0.95, cold=0.05) is None


def test_cold_starts_leave_the_warm_requests_a_stricter_quantile():
    assert coldstart.quantile_of_warm(quantile=0.95, cold=0.02) == pytest.approx(1 - 0.03 / 0.98)
