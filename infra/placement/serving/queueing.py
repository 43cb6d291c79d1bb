"""How long requests wait for a free server and how long they are served, at a quantile. Formulas only.

The queue is M/G/c: requests come at random (Poisson), c servers share one line, service times vary by a coefficient of
variation. Erlang's C (1917) gives the chance to wait with exponential service, where the wait is exponential itself;
Allen and Cunneen's factor (1 + variation^2) / 2 corrects it for other service times (Allen, Probability, Statistics and
Queueing Theory, 2nd ed. 1990, section 5.4). It is exact for c = 1 in the mean and for a variation of 1 throughout.
Service times are taken as lognormal, the usual shape of measured latencies.
"""

import math
from statistics import NormalDist

_NORMAL = NormalDist()
_P95 = _NORMAL.inv_cdf(0.95)


def chance_to_wait(servers: int, utilisation: float) -> float:
    """Erlang C: the part of requests that find all servers busy. utilisation: of all servers, 0 up to below 1."""
    offered = servers * utilisation
    blocked = 1.0
    for count in range(1, servers + 1):  # Erlang B by recursion, which does not overflow
        blocked = offered * blocked / (count + offered * blocked)
    return blocked / (1 - utilisation * (1 - blocked))


def wait_ms(*, servers: int, utilisation: float, service_ms: float, variation: float, quantile: float) -> float:
    """The wait that `quantile` of requests stay within; infinite at a utilisation of 1 or more."""
    if utilisation >= 1:
        return math.inf
    chance = chance_to_wait(servers, utilisation)
    if chance <= 1 - quantile:
        return 0.0
    mean_of_waiters_ms = service_ms / (servers * (1 - utilisation)) * (1 + variation**2) / 2
    return mean_of_waiters_ms * math.log(chance / (1 - quantile))


def served_ms(*, service_ms: float, variation: float, quantile: float) -> float:
    """The service time that `quantile` of requests stay within; service_ms is the mean."""
    spread = math.sqrt(math.log(1 + variation**2))
    return service_ms * math.exp(spread * _NORMAL.inv_cdf(quantile) - spread**2 / 2)


def network_ms(*, median_ms: float, p95_to_p50: float, quantile: float) -> float:
    """The round trip that `quantile` of requests stay within: lognormal through the median and the 95th percentile."""
    return median_ms * p95_to_p50 ** (_NORMAL.inv_cdf(quantile) / _P95)
