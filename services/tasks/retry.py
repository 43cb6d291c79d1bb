"""When a failed task is tried again, and when it is given up. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a queue treats its tasks.

    max_attempts: how often a task may be begun, attempts that ended with their worker included.
    backoff_s: before the second attempt, doubled before each further one up to backoff_cap_s.
    visibility_s: how long a silent worker keeps its tasks before another gets them.
    result_ttl_s: how long a result can be fetched. dead_ttl_s: the same for the reason of a dead task.
    max_tasks: not yet finished, beyond which a put is refused. max_dead: dead letters kept, newest first.
    """

    max_attempts: int = 5
    backoff_s: float = 0.5
    backoff_cap_s: float = 60.0
    visibility_s: float = 10.0
    result_ttl_s: float = 3600.0
    dead_ttl_s: float = 7 * 86_400.0
    max_tasks: int = 100_000
    max_dead: int = 10_000


def retry_delay_s(attempt: int, policy: Policy, *, final: bool, jitter: float) -> float | None:
    """Seconds until a task may be tried again after its `attempt`-th attempt (from 1) failed; None to give it up.

    jitter: in [0, 1), takes up to half of the delay away, so that tasks which failed together do not come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "equal jitter").
    """
    if final or attempt >= policy.max_attempts:
        return None
    doublings = min(attempt - 1, 63)  # keeps the power finite, whatever max_attempts is
    return min(policy.backoff_s * 2**doublings, policy.backoff_cap_s) * (1 - jitter / 2)
