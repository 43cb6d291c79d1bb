"""What the cluster autoscaler is told of the order of capacity: the content of its priority expander's ConfigMap. Pure.

The autoscaler asks the group of the highest priority that fits a pod first, and the next when that has no machines. A
pod fits the groups of one pool alone, by label, so one ladder serves all pools.
"""

from collections.abc import Iterable, Mapping, Sequence

import yaml

from infra.aws.naming import group_pattern
from infra.capacity import Choice, is_gone
from infra.settings import Gone

_LAST = 1
"""The priority of what is gone: tried when nothing else fits, since it may have come back."""


def priorities(choices: Iterable[Choice], gone: Iterable[Gone]) -> str:
    """YAML: patterns of Auto Scaling group names by priority, for the choices of one region."""
    gone, ladder = tuple(gone), dict[int, list[str]]()
    for pool in _by_pool(choices).values():
        for place, choice in enumerate(pool):
            priority = _LAST if is_gone(choice, gone) else (len(pool) - place) * 10
            ladder.setdefault(priority, []).append(group_pattern(choice.region, choice.pool, choice.capacity))
    return yaml.safe_dump(dict(sorted(ladder.items(), reverse=True)), sort_keys=False)


def _by_pool(choices: Iterable[Choice]) -> Mapping[str, Sequence[Choice]]:
    pools: dict[str, list[Choice]] = {}
    for choice in choices:
        pools.setdefault(choice.pool, []).append(choice)
    return pools
