"""The spot policy over published traces, beside three baselines and the clairvoyant optimum.

    python -m tests.bench.spot FOLDER [--starts 200] [--hours 48]

FOLDER holds traces in any depth; those of one folder are also replayed together, as zones that a job may choose from.
Work, deadlines, restart and prices are those of the published measurements: 48 h, 1.1 to 1.5 times the work, 12
minutes, spot at 0.3 of on-demand. Cost is told as a multiple of the optimum's; `worst` is the dearest single run as a
multiple of on-demand alone.
"""

import argparse
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from infra.placement.spot import Job, Policy, Trace, Zone, decide, least_usd, read_folder, replay, window
from infra.placement.spot.baselines import always_on_demand, greedy, uniform_progress

DEADLINES = (1.1, 1.25, 1.5)
POLICIES: Mapping[str, Policy] = {
    "on-demand": always_on_demand,
    "greedy": greedy,
    "uniform": uniform_progress,
    "slipway": decide,
}
_RESTART_S = 720.0
_SPOT = 0.3


@dataclass(frozen=True, kw_only=True)
class Case:
    """Some zones with one deadline. deadline: as a multiple of the work."""

    name: str
    traces: Mapping[str, Trace]
    deadline: float
    hours: float
    starts: int


@dataclass(frozen=True, kw_only=True)
class Score:
    """Of one policy: gap is cost over the optimum's, less 1, on average; worst is against on-demand alone."""

    gap: float
    missed: int
    worst: float


def cases(folder: Path, *, hours: float, starts: int, together: bool) -> Iterator[Case]:
    """Every trace alone, or every folder's traces together, with each deadline."""
    for place in sorted({file.parent for file in folder.rglob("*.json")}):
        traces = read_folder(place)
        groups = {place.name: traces} if together else {f"{place.name}/{zone}": {zone: traces[zone]} for zone in traces}
        for name, zones in groups.items():
            for deadline in DEADLINES:
                yield Case(name=name, traces=zones, deadline=deadline, hours=hours, starts=starts)


def scores(case: Case) -> Mapping[str, Score]:
    """Every policy on the same random starts."""
    gap_s = next(iter(case.traces.values())).gap_s
    work_s = case.hours * 3600
    job = Job(
        work_s=work_s,
        deadline_s=case.deadline * work_s,
        restart_s=_RESTART_S,
        zones=tuple(Zone(name=zone, usd_per_hour=_SPOT) for zone in case.traces),
        on_demand_usd_per_hour=1.0,
    )
    gives = {zone: trace.gives(trace.most) for zone, trace in case.traces.items()}
    ticks = int(job.deadline_s / gap_s) + 1
    room = min(len(given) for given in gives.values()) - ticks
    dice = random.Random(case.name)
    gaps: dict[str, list[float]] = {name: [] for name in POLICIES}
    worst = dict.fromkeys(POLICIES, 0.0)
    missed = dict.fromkeys(POLICIES, 0)
    for _ in range(case.starts):
        seen = window(gives, gap_s, dice.randrange(room), ticks)
        least = least_usd(job, seen)
        for name, policy in POLICIES.items():
            outcome = replay(job, seen, policy)
            gaps[name].append(outcome.usd / least - 1)
            missed[name] += not outcome.in_time
            worst[name] = max(worst[name], outcome.usd / job.on_demand_usd)
    return {name: Score(gap=fmean(gaps[name]), missed=missed[name], worst=worst[name]) for name in POLICIES}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--hours", type=float, default=48)
    asked = parser.parse_args(arguments)
    print(f"{asked.starts} starts a trace, {asked.hours:g} h of work, restart 12 min, spot at {_SPOT} of on-demand")
    with ProcessPoolExecutor() as pool:
        for together in (False, True):
            todo = list(cases(asked.folder, hours=asked.hours, starts=asked.starts, together=together))
            print(f"\n{'all zones of a folder' if together else 'one zone'}: cost over the optimum's")
            _show(todo, list(_told(pool.map(scores, todo), len(todo))))


def _told(results: Iterable[Mapping[str, Score]], total: int) -> Iterator[Mapping[str, Score]]:
    """Progress on a terminal."""
    for number, result in enumerate(results, 1):
        if sys.stderr.isatty():
            print(f"\r{number} of {total}", end="\n" if number == total else "", file=sys.stderr, flush=True)
        yield result


def _show(todo: Sequence[Case], results: Sequence[Mapping[str, Score]]) -> None:
    print(f"{'trace':42} {'deadline':>8} " + " ".join(f"{name:>10}" for name in POLICIES) + "   missed   worst")
    for case, result in zip(todo, results, strict=True):
        _row(case.name, case.deadline, [result])
    for deadline in DEADLINES:
        _row("average", deadline, [r for case, r in zip(todo, results, strict=True) if case.deadline == deadline])


def _row(name: str, deadline: float, results: Sequence[Mapping[str, Score]]) -> None:
    costs = " ".join(f"{1 + fmean(result[policy].gap for result in results):10.3f}" for policy in POLICIES)
    missed = sum(result["slipway"].missed for result in results)
    worst = max(result["slipway"].worst for result in results)
    share = fmean(r["slipway"].gap for r in results) / max(1e-9, fmean(r["greedy"].gap for r in results))
    tail = f"   gap {share:.2f} of greedy's" if name == "average" else ""
    print(f"{name:42} {deadline:8} {costs} {missed:8} {worst:7.3f}{tail}")


if __name__ == "__main__":
    main()
