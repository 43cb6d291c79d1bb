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
from collections.abc import Sequence
from dataclasses import replace

from infra.placement.serving.assign import assigned
from infra.placement.serving.master import Master
from infra.placement.serving.problem import TIE_USD, Option, Problem, Solution
from infra.placement.serving.program import GAP
from infra.placement.serving.reduce import without_dominated

_FIRST_MARGIN = 0.03  # of the bound: how much dearer than it options may make the plan to be tried first
_HOPELESS = 0.01  # part of the cost that the effort did not prove among a few options; not worth it among all
_TRIES = 3  # answers that the effort did not prove; more of them only rarely find a cheaper one
_ROUNDS = 30  # after which the best is taken with the gap that is proven


def solve(problem: Problem) -> Solution | None:
    """The least-cost choice with the gap that is proven, or None when none reaches the goal. Deterministic."""
    began = time.perf_counter()
    options = without_dominated(problem)
    if not options or not problem.required <= {option.region for option in options}:
        return None
    master = Master(problem, options)
    relaxed = master.tighten()
    if relaxed is None:
        return None
    best: Solution | None = None
    start: Sequence[float] | None = None
    rounds = 0
    margin = _FIRST_MARGIN * relaxed.objective
    while True:
        master.consider(relaxed, margin)
        found, bound, more, start = _among(problem, master, options, start)
        rounds += more
        if found and (best is None or found.usd_per_month < best.usd_per_month):
            best = found
        reached = best is not None and best.usd_per_month <= relaxed.bound + margin
        if master.considers_all or reached or (best and bound < best.usd_per_month * (1 - _HOPELESS)):
            break
        margin = best.usd_per_month - relaxed.bound if best else margin * 4
    if best is None:
        return None
    bound = min(bound, best.usd_per_month if master.considers_all else relaxed.bound + margin)
    gap = max(0.0, best.usd_per_month - TIE_USD - bound) / max(best.usd_per_month, TIE_USD)
    return replace(best, gap=gap, rounds=rounds, seconds=time.perf_counter() - began)


def _among(
    problem: Problem, master: Master, options: Sequence[Option], start: Sequence[float] | None
) -> tuple[Solution | None, float, int, Sequence[float] | None]:
    """The best among the options that the program considers, the bound on it, rounds taken, and where to go on from."""
    best: Solution | None = None
    unproven = 0
    for rounds in itertools.count(1):
        answer = master.program.run(start=start)
        if answer is None:
            return None, math.inf, rounds, start
        chosen = master.chosen(answer.values)
        cuts = master.cut(chosen, answer.values)
        fits = {options[number]: replicas for number, replicas in chosen.items()}
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
