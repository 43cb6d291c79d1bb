"""The optimum of a serving placement, proven: a small mixed-integer program and cuts, not one variable for each pair.

Costs depend on what runs and how much load it carries, not on which user brings the load. So the program decides only
options, replicas and loads; that the users can be assigned within them is a flow, and where it is none, the users who
do not fit give a cut (logic-based Benders decomposition, Hooker and Ottosson 2003, with the cuts of Gale's theorem,
1957). 60 regions x 500 cities are some hundred columns instead of tens of thousands. It ends because there are finitely
many cuts, and what it ends with is optimal for the whole problem: the program without the missing cuts is a relaxation.
Effort is bounded by nodes, not by time, so that the answer is the same everywhere; `gap` says what was not proven.
"""

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from infra.placement.errors import PlacementError
from infra.placement.serving.assign import assigned
from infra.placement.serving.master import Master
from infra.placement.serving.problem import TIE_USD, Option, Problem, Solution
from infra.placement.serving.program import GAP, Answer
from infra.placement.serving.reduce import without_dominated

_FIRST_MARGIN = 0.01  # of the bound: how much dearer than it options may make the plan to be tried first
_FEW = 64  # options that are tried all at once
_HOPELESS = 0.01  # part of the cost that the effort did not prove among a few options; not worth it among all
_TRIES = 3  # answers that the effort did not prove; more of them only rarely find a cheaper one
_ROUNDS = 30  # after which the best is taken with the gap that is proven


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """The problem with one set of providers. relaxed: its answer with broken replicas, which bounds all others."""

    options: Sequence[Option]
    master: Master
    relaxed: Answer


def solve(problem: Problem) -> Solution | None:
    """The least-cost choice with the gap that is proven, or None when none reaches the goal. Deterministic.

    Raises PlacementError when the effort sufficed neither to find one nor to prove that there is none.
    """
    began = time.perf_counter()
    parts = sorted(_parts(problem), key=lambda part: part.relaxed.bound)
    best: Solution | None = None
    bound, rounds = math.inf, 0
    for part in parts:
        known = best.usd_per_month if best else math.inf
        if part.relaxed.bound >= known * (1 - GAP):  # nothing in it, nor in those after it, is worth looking for
            bound = min(bound, part.relaxed.bound)
            break
        found, proven, more = _least(problem, part, known)
        bound, rounds = min(bound, proven), rounds + more
        if found and found.usd_per_month < known:
            best = found
    if best is None:
        if bound < math.inf:
            raise PlacementError(
                "slipway:serving: no plan was found, and it was not proven that there is none",
                hint="name fewer regions or providers in it, or loosen p95_ms",
            )
        return None
    bound = min(bound, best.usd_per_month)
    gap = max(0.0, best.usd_per_month - TIE_USD - bound) / max(best.usd_per_month, TIE_USD)
    return replace(best, gap=gap, rounds=rounds, seconds=time.perf_counter() - began)


def _parts(problem: Problem) -> Iterator[_Part]:
    """One for each set of the providers that are paid once for all regions: each choice of regions is in one of them.

    A provider's shared cost is then either paid or not; broken, it would hide most of what the choice costs.
    """
    every = without_dominated(problem)
    shared = sorted({option.provider for option in every} & problem.shared_usd.keys())
    for count in range(len(shared) + 1):
        for paying in itertools.combinations(shared, count):
            options = [option for option in every if option.provider not in shared or option.provider in paying]
            if not options or not problem.required <= {option.region for option in options}:
                continue
            master = Master(problem, options, paying)
            if (relaxed := master.tighten()) is not None:
                yield _Part(options=options, master=master, relaxed=relaxed)


def _least(problem: Problem, part: _Part, known: float) -> tuple[Solution | None, float, int]:
    """The best of a part, the bound on it, and rounds taken. known: what costs no less than this is not looked for."""
    master, relaxed = part.master, part.relaxed
    best: Solution | None = None
    start: Sequence[float] | None = None
    rounds = 0
    first = math.inf if len(part.options) <= _FEW else _FIRST_MARGIN * relaxed.objective
    margin = min(first, known - relaxed.bound)
    while True:
        master.consider(relaxed, margin)
        found, bound, more, start = _among(problem, part, start, known)
        rounds += more
        if found and (best is None or found.usd_per_month < best.usd_per_month):
            best = found
        worth = min(best.usd_per_month if best else math.inf, known)
        reached = worth - relaxed.bound <= margin  # as the margin is reckoned: their sum may round below it
        if master.considers_all or reached or (best and bound < best.usd_per_month * (1 - _HOPELESS)):
            break
        margin = min(worth - relaxed.bound, margin * 4) if best is None else worth - relaxed.bound
    return best, bound if master.considers_all else min(bound, relaxed.bound + margin), rounds


def _among(
    problem: Problem, part: _Part, start: Sequence[float] | None, known: float
) -> tuple[Solution | None, float, int, Sequence[float] | None]:
    """The best among the options that the program considers, the bound on it, rounds taken, and where to go on from."""
    master = part.master
    best: Solution | None = None
    unproven = 0
    for rounds in itertools.count(1):
        answer = master.program.run(start=start)
        if answer is None:
            return None, math.inf, rounds, start
        if answer.bound >= known * (1 - GAP) or not answer.values:
            return best, answer.bound, rounds, start
        chosen = master.chosen(answer.values)
        cuts = master.cut(chosen, answer.values)
        fits = {part.options[number]: replicas for number, replicas in chosen.items()}
        found = None if cuts.standing else assigned(problem, fits, master.slopes(answer.values))
        if found and (best is None or found.usd_per_month < best.usd_per_month):
            best, start = found, answer.values
        unproven += not answer.proven
        if best and unproven >= _TRIES:
            return best, answer.bound, rounds, start
        if best and (not cuts.made or best.usd_per_month <= answer.bound * (1 + GAP) + TIE_USD or rounds >= _ROUNDS):
            return best, answer.bound, rounds, start
        if not cuts.made:
            raise RuntimeError("the placement's rows and its flow disagree by more than rounding")
    raise AssertionError("unreachable")  # itertools.count does not end
