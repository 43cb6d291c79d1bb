"""Smaller problems with the same optimum: options that another one of their region beats in every respect are left out.

Only within a region, because every region may be needed for its own sake (`min_regions`, the loss of another). That two
options are compared over every load, replica by replica, is what makes it safe: nothing here is a heuristic.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence

from infra.placement.serving.problem import Option, Problem

_STEPS = 4096  # beyond so many replicas two options are both kept rather than compared


def without_dominated(problem: Problem) -> list[Option]:
    """The options worth considering, by name; those that serve nobody are none."""
    regions: dict[str, list[Option]] = defaultdict(list)
    for option in sorted(problem.options, key=lambda option: option.name):
        if option.serves:
            regions[option.region].append(option)
    most = problem.load_rps
    return sorted(
        (option for options in regions.values() for option in _kept(options, most)), key=lambda option: option.name
    )


def _kept(options: Sequence[Option], most_rps: float) -> list[Option]:
    kept: list[Option] = []
    for option in options:
        if any(_beats(other, option, most_rps) for other in kept):
            continue
        kept = [other for other in kept if not _beats(option, other, most_rps)]
        kept.append(option)
    return kept


def _beats(better: Option, worse: Option, most_rps: float) -> bool:
    """Whether `better` serves all that `worse` does, and costs no more at any load up to `most_rps`."""
    if not worse.serves.keys() <= better.serves.keys() or better.min_rps > worse.min_rps:
        return False
    if better.usd_per_rps > worse.usd_per_rps:
        return False
    if not worse.bounded:
        return not better.bounded and better.fixed_usd <= worse.fixed_usd
    if standing_usd(better, most_rps) > standing_usd(worse, most_rps):
        return False
    steps = replicas_for(better, most_rps) if better.bounded else 1
    if steps > _STEPS:
        return better.fixed_usd <= worse.fixed_usd and _never_more(better, worse)
    if not better.bounded:
        return standing_usd(better, 0) <= standing_usd(worse, 0)
    return standing_usd(better, 0) <= standing_usd(worse, 0) and all(
        better.fixed_usd + better.replica_usd * (count + 1) <= standing_usd(worse, count * better.replica_rps)
        for count in range(better.min_replicas, steps)
    )


def _never_more(better: Option, worse: Option) -> bool:
    """The same machine held to at least as much load each, so never more of them."""
    return (
        better.replica_usd <= worse.replica_usd
        and better.replica_rps >= worse.replica_rps
        and better.min_replicas <= worse.min_replicas
    )


def replica_bounds(options: Sequence[Option]) -> dict[str, tuple[int, float]]:
    """Least and most replicas of each counted option that are worth considering, by its name.

    Of two that are the same but for their prices (spot and on demand), one is never dearer below a number of replicas,
    and the other never from there on.
    """
    bounds = {option.name: (max(option.min_replicas, 1), math.inf) for option in options if option.bounded}
    alike: dict[tuple[object, ...], list[Option]] = defaultdict(list)
    for option in options:
        if option.bounded:
            same = (option.region, frozenset(option.serves), option.replica_rps, option.usd_per_rps, option.min_rps)
            alike[same].append(option)
    for few, many in (pair for same in alike.values() for pair in itertools.permutations(same, 2)):
        if few.fixed_usd < many.fixed_usd and few.replica_usd > many.replica_usd:
            turn = math.ceil((many.fixed_usd - few.fixed_usd) / (few.replica_usd - many.replica_usd))
            if turn > max(few.min_replicas, many.min_replicas, 1):
                bounds[few.name] = (bounds[few.name][0], min(bounds[few.name][1], turn - 1))
                if few.min_replicas <= many.min_replicas:
                    bounds[many.name] = (max(bounds[many.name][0], turn), bounds[many.name][1])
    return bounds


def standing_usd(option: Option, load_rps: float) -> float:
    """A month of an option with as many replicas as a load needs, without what each request costs."""
    return option.fixed_usd + option.replica_usd * replicas_for(option, load_rps)


def replicas_for(option: Option, load_rps: float) -> int:
    """The fewest replicas that carry a load; 0 where they are not counted."""
    if not option.bounded:
        return 0
    return max(option.min_replicas, math.ceil(load_rps / option.replica_rps - 1e-9))


def smallest(sets: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """Those that contain no other one: covering these covers all."""
    kept: list[frozenset[int]] = []
    for candidate in sorted(set(sets), key=lambda one: (len(one), sorted(one))):
        if not any(other <= candidate for other in kept):
            kept.append(candidate)
    return kept
