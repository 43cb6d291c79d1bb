"""How often a function starts cold, and what that leaves of a latency goal. Formulas only.

A provider keeps an idle instance for a while and then takes it away. A request starts cold when it brings more requests
side by side than there were at any moment of that while. With nobody calling that is every request; with many calls it
is about one in each while, so one in 1 + calls in a while is taken for both: it is above what a simulation of the
platform shows (tests/unit/test_serving_coldstart.py), and, being concave in the rate, above a day's mean when the rate
is the day's mean. With one instance kept warm a request is cold only if that one is busy as well.
"""

import math

_ROUNDING = 1e-9


def cold_share(*, per_s: float, idle_s: float) -> float:
    """Part of requests that start cold. per_s: mean rate. idle_s: how long an unused instance stays."""
    return 1 / (1 + per_s * idle_s)


def rate_for(*, share: float, idle_s: float) -> float:
    """The mean rate from which no more than `share` of the requests start cold."""
    return (1 / share - 1) / idle_s


def warm_cold_share(*, service_s: float, idle_s: float) -> float:
    """The same with one instance always warm, at the rate where it is worst.

    At a low rate the warm one is busy for a share of rate x service_s; at a high rate `cold_share` holds. The lesser of
    both is greatest where they meet.
    """
    return 1 / (1 + math.sqrt(idle_s / service_s))


def quantile_of_warm(*, quantile: float, cold: float) -> float | None:
    """The quantile that warm requests must keep so that `quantile` of all do, with every cold one too late.

    None when more start cold than may be late.
    """
    late = 1 - quantile
    return None if late - cold < _ROUNDING else 1 - (late - cold) / (1 - cold)
