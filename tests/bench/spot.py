"""The spot policy over published traces, beside three baselines and the clairvoyant optimum.

    python -m tests.bench.spot FOLDER [--starts 200] [--hours 48] [--checkpoint-minutes 0]

FOLDER holds traces in any depth; those of one folder are also replayed together, as zones that a job may choose from.
tests/bench/traces.py says with which work, deadlines and prices. Cost is told as a multiple of the optimum's; `lost` is
the work that Slipway did twice, in hours a run, and `worst` its dearest single run, as a multiple of on-demand alone.

The bars, of Slipway: no deadline missed; no run above on-demand alone by more than 2 %; one zone: at each deadline the
gap to the optimum is at most half of greedy's, averaged over traces; all zones of a folder: at 1.25 and 1.5 within 10 %
of the optimum, averaged over folders.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import fmean

from infra.placement.errors import PlacementError
from infra.placement.spot.simulate import GREEDY, POLICIES, SLIPWAY, Score, scores, simulate
from tests.bench.traces import DEADLINES, RESTART_S, SPOT, Case, amount, cases, parser

Scores = Mapping[str, Score]
Results = Sequence[tuple[Case, Scores]]

_DEAREST = 1.02
_OF_GREEDY = 0.5
_OVER_OPTIMUM = {1.25: 0.1, 1.5: 0.1}
_EVEN = 1e-9  # what a sum of floats may be off


def scored(case: Case) -> Scores:
    """Every policy on the same random starts."""
    return scores(list(simulate(case.job, case.traces, starts=case.starts, seed=case.name)), case.job)


def verdicts(alone: Results, together: Results) -> Iterator[tuple[bool, str]]:
    """Each bar: whether it is met, and its figure in words."""
    every = [one[SLIPWAY] for _, one in (*alone, *together)]
    runs = sum(case.starts for case, _ in (*alone, *together))
    missed = sum(one.missed for one in every)
    yield missed == 0, f"{missed} deadlines missed in {runs} runs (bar: 0)"
    worst = max(one.worst for one in every)
    yield worst <= _DEAREST + _EVEN, f"dearest run: {worst:.4f} of on-demand alone (bar: {_DEAREST})"
    for deadline, found in _by_deadline(alone):
        mine, greedys = _gap(found, SLIPWAY), _gap(found, GREEDY)
        share = f"{mine / greedys:.2f}" if greedys > _EVEN else "none"
        yield (
            mine <= _OF_GREEDY * greedys + _EVEN,
            f"one zone, {deadline} x the work: gap {mine:.1%}, {share} of greedy's {greedys:.1%} (bar: {_OF_GREEDY})",
        )
    for deadline, found in _by_deadline(together):
        if deadline in _OVER_OPTIMUM:
            gap, bar = _gap(found, SLIPWAY), _OVER_OPTIMUM[deadline]
            yield gap <= bar + _EVEN, f"all zones, {deadline} x the work: gap {gap:.1%} (bar: {bar:.0%})"


def main(arguments: Sequence[str] | None = None) -> int:
    asks = parser(__doc__, starts=200)
    asks.add_argument("folder", type=Path)
    asks.add_argument("--checkpoint-minutes", type=amount, default=0.0, help="between two; else written on notice")
    asked = asks.parse_args(arguments)
    every_s = asked.checkpoint_minutes * 60
    try:
        found = cases(asked.folder, hours=asked.hours, starts=asked.starts, checkpoint_every_s=every_s)
    except PlacementError as error:
        asks.error(str(error))
    written = f"a checkpoint every {asked.checkpoint_minutes:g} min" if every_s else "a checkpoint on notice"
    print(
        f"{asked.starts} starts a trace, {asked.hours:g} h of work, restart {RESTART_S / 60:g} min, {written}, "
        f"spot at {SPOT} of on-demand"
    )
    for one in found.left_out:
        print(f"left out: {one}")
    with ProcessPoolExecutor() as pool:
        alone = _shown("one zone", found.alone, pool)
        together = _shown("all zones of a folder", found.together, pool)
    print()
    judged = list(verdicts(alone, together))
    for met, words in judged:
        print(f"{'pass' if met else 'MISS'}  {words}")
    if not together:
        print("no folder has several zones on one clock: the bars for those are not judged")
    return 0 if all(met for met, _ in judged) else 1


def _shown(title: str, todo: Sequence[Case], pool: ProcessPoolExecutor) -> Results:
    """A row for each case, then the averages."""
    if not todo:
        return []
    print(f"\n{title}: cost over the optimum's")
    print(f"{'trace':42} {'deadline':>8} " + " ".join(f"{name:>10}" for name in POLICIES) + "   missed   lost   worst")
    results = list(zip(todo, _told(pool.map(scored, todo), len(todo)), strict=True))
    for case, found in results:
        _row(case.name, case.deadline, [found])
    for deadline, found in _by_deadline(results):
        _row("average", deadline, found)
    return results


def _told(results: Iterable[Scores], total: int) -> Iterator[Scores]:
    """Progress on a terminal."""
    for number, result in enumerate(results, 1):
        if sys.stderr.isatty():
            print(f"\r{number} of {total}", end="\n" if number == total else "", file=sys.stderr, flush=True)
        yield result


def _row(name: str, deadline: float, results: Sequence[Scores]) -> None:
    costs = " ".join(f"{1 + _gap(results, policy):10.3f}" for policy in POLICIES)
    mine = [result[SLIPWAY] for result in results]
    missed, worst = sum(one.missed for one in mine), max(one.worst for one in mine)
    print(f"{name:42} {deadline:8} {costs} {missed:8} {fmean(one.lost_h for one in mine):6.2f} {worst:7.3f}")


def _by_deadline(results: Results) -> Iterator[tuple[float, Sequence[Scores]]]:
    for deadline in DEADLINES:
        if found := [one for case, one in results if case.deadline == deadline]:
            yield deadline, found


def _gap(results: Sequence[Scores], policy: str) -> float:
    return fmean(result[policy].gap for result in results)


if __name__ == "__main__":
    sys.exit(main())
