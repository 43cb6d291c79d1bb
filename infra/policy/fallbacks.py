"""Which pools take over from a spot pool, on every cloud that has pools of nodes."""

from collections.abc import Iterator, Sequence

from infra.policy.ideas import NodePool, SpotPool
from infra.policy.rule import Found
from infra.policy.stack import Resource


def with_fallbacks(pools: Sequence[tuple[Resource, NodePool]]) -> Iterator[Found]:
    """Spot pools with those behind them, in any region of the stack: capacity falls back across regions."""
    for resource, pool in pools:
        if pool.spot:
            others = tuple(other for _, other in pools if not other.spot and other.family in (None, pool.family))
            yield Found(at=resource, idea=SpotPool(pool=pool, fallbacks=others))
