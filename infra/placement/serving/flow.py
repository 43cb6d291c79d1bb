"""Whether a load fits: users on one side, options with a capacity on the other (a bipartite maximum flow).

By the theorem of maximum flow and minimum cut (Ford and Fulkerson, 1956) the load fits unless some users together bring
more than all options that serve any of them can carry; those users are the answer, and a cut for the solver.
"""

import itertools
from collections import deque
from collections.abc import Mapping, Sequence

_ROUNDING = 1e-9  # of the whole load


def overloaded(loads: Mapping[frozenset[int], float], capacity: Mapping[int, float]) -> set[frozenset[int]] | None:
    """The classes of users that do not fit, together; None when all fit.

    loads: of users by the options that serve them, of which only those in `capacity` count.
    """
    kinds = list(loads)
    left = [loads[kind] for kind in kinds]
    room = dict(capacity)
    sent: list[dict[int, float]] = [{} for _ in kinds]
    slack = _ROUNDING * sum(left)
    for start in range(len(kinds)):
        while left[start] > slack:
            path, seen = _path(start, kinds, room, sent, slack)
            if path is None:
                return {kinds[index] for index in seen}
            _send(path, left, room, sent)
    return None


def _path(
    start: int, kinds: Sequence[frozenset[int]], room: dict[int, float], sent: list[dict[int, float]], slack: float
) -> tuple[list[tuple[int, int]] | None, set[int]]:
    """Steps (class, option) from a class to an option with room, through classes that can give way; and all seen."""
    came: dict[int, tuple[int, int]] = {}
    seen, queue = {start}, deque([start])
    tried: set[int] = set()
    while queue:
        kind = queue.popleft()
        for option in sorted(kinds[kind]):
            if option in tried or option not in room:
                continue
            tried.add(option)
            if room[option] > slack:
                path = [(kind, option)]
                while kind != start:
                    kind, option = came[kind]
                    path.append((kind, option))
                return path[::-1], seen
            for other, flows in enumerate(sent):
                if other not in seen and flows.get(option, 0.0) > slack:
                    seen.add(other)
                    came[other] = (kind, option)
                    queue.append(other)
    return None, seen


def _send(path: list[tuple[int, int]], left: list[float], room: dict[int, float], sent: list[dict[int, float]]) -> None:
    """Move as much as the path bears: each class on it takes its option, and the next class leaves that option."""
    start, last = path[0][0], path[-1][1]
    amount = min(left[start], room[last])
    for (_, option), (other, _) in itertools.pairwise(path):
        amount = min(amount, sent[other][option])
    for index, (kind, option) in enumerate(path):
        sent[kind][option] = sent[kind].get(option, 0.0) + amount
        if index + 1 < len(path):
            sent[path[index + 1][0]][option] -= amount
    left[start] -= amount
    room[last] -= amount
