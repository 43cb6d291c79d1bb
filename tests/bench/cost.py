"""What `slipway cost` says of a training job, held against bills that the spot policy ran up; and how fast it starts.

    python -m tests.bench.cost [FOLDER] [--starts 40] [--hours 48]

FOLDER holds spot traces; without it only start-up is measured. Each job is priced before it starts, then replayed by
the policy that Slipway acts by. Two estimates are held against each bill:

    catalog   what the command prints: a catalog does not know how much of the time a zone gives spot
    recorded  the same formula, given the part of the trace before the start (at least a day), as a record would have it

Neither sees anything of the trace after the start. `inside` is the share of bills in the band, `width` the band's mean
width over what was expected, `bias` the mean bill over the mean expectation.
"""

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.placement.spot import Job, Zone, decide, replay, window
from infra.placement.training import Job as Hours
from infra.placement.training import Rates, estimate, from_record, unrecorded
from tests.bench.spot import DEADLINES, Case, cases

_RESTART_S = 720.0
_RATES = Rates(spot=0.3, on_demand=1.0)
_RECORD_LEAST_S = 24 * 3600.0
_WANTED_INSIDE = 0.9
_WANTED_START_S = 1.0
_ROUNDS = 7
_PREVIEW = Path(__file__).parents[1] / "unit" / "previews" / "aws.json"
_STACK = """
config:
  slipway:target: local
  slipway:serving:
    users: [{place: "geo:IN", share: 0.5}, {place: "geo:US-East", share: 0.5}]
    requests_per_s: 100
    p95_ms: 300
    model: {service_ms: {cpu: 5}}
  slipway:work: {accelerator: A10G, hours: 48, deadline_h: 60}
  slipway:prices: {max_age_days: 3650}
"""


@dataclass(frozen=True, kw_only=True)
class Held:
    """One estimate against one bill."""

    inside: bool
    width: float
    expected_usd: float
    usd: float


def held(case: Case) -> Mapping[str, list[Held]]:
    """Each estimate against the bills of random starts."""
    gap_s = next(iter(case.traces.values())).gap_s
    work_s = case.hours * 3600
    job = Job(
        work_s=work_s,
        deadline_s=case.deadline * work_s,
        restart_s=_RESTART_S,
        zones=tuple(Zone(name=zone, usd_per_hour=_RATES.spot) for zone in case.traces),
        on_demand_usd_per_hour=_RATES.on_demand,
    )
    hours = Hours(work_h=case.hours, deadline_h=case.deadline * case.hours, restart_h=_RESTART_S / 3600)
    gives = {zone: trace.gives(trace.most) for zone, trace in case.traces.items()}
    ticks = int(job.deadline_s / gap_s) + 1
    first, last = int(_RECORD_LEAST_S / gap_s), min(len(given) for given in gives.values()) - ticks
    blind = estimate(hours, _RATES, unrecorded(zones=len(gives)))
    found: dict[str, list[Held]] = {"catalog": [], "recorded": []}
    dice = random.Random(case.name)
    for _ in range(case.starts if last > first else 0):
        start = dice.randrange(first, last)
        usd = replay(job, window(gives, gap_s, start, ticks), decide).usd
        supply = from_record([given[:start].tolist() for given in gives.values()], gap_s)
        for name, said in (("catalog", blind), ("recorded", estimate(hours, _RATES, supply))):
            found[name].append(
                Held(inside=said.usd.holds(usd), width=said.usd.relative_width, expected_usd=said.usd.expected, usd=usd)
            )
    return found


def backtest(folder: Path, *, starts: int, hours: float) -> bool:
    """Whether both estimates hold what they promise, over all runs."""
    todo = [case for together in (False, True) for case in cases(folder, hours=hours, starts=starts, together=together)]
    print(f"{starts} starts a trace, {hours:g} h of work, restart 12 min, spot at {_RATES.spot} of on-demand")
    print(f"{'':44} {'':>8} {'catalog':>22} {'recorded':>22}")
    print(f"{'trace':44} {'deadline':>8} " + f"{'inside':>8}{'width':>7}{'bias':>7} " * 2)
    with ProcessPoolExecutor() as pool:
        results = list(pool.map(held, todo))
    for case, result in zip(todo, results, strict=True):
        _row(case.name if len(case.traces) == 1 else f"{case.name}, all zones", case.deadline, [result])
    for name, pick in (("one zone", 1), ("all zones of a folder", 2)):
        for deadline in DEADLINES:
            _row(
                name,
                deadline,
                [
                    result
                    for case, result in zip(todo, results, strict=True)
                    if case.deadline == deadline and min(len(case.traces), 2) == pick
                ],
            )
    met = True
    for name in ("catalog", "recorded"):
        every = [one for result in results for one in result[name]]
        inside = statistics.fmean(one.inside for one in every)
        met &= inside >= _WANTED_INSIDE
        print(
            f"{'pass' if inside >= _WANTED_INSIDE else 'MISS'}  {name}: {inside:.1%} of {len(every)} bills in the band "
            f"(wanted: {_WANTED_INSIDE:.0%}), width {statistics.fmean(one.width for one in every):.2f} of the expected"
        )
    return met


def startup() -> bool:
    """Seconds from process start to exit, the median of some runs after a warm one."""
    slipway = [sys.executable, "-m", "slipway"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "Pulumi.bench.yaml"
        file.write_text(_STACK)
        stack = ["--stack", "bench"]
        shown = [
            _shown("python -c pass", [sys.executable, "-c", "pass"], file, bounded=False),
            _shown("slipway --help", [*slipway, "--help"], file, bounded=False),
            _shown("slipway cost PREVIEW", [*slipway, "cost", str(_PREVIEW)], file, bounded=True),
            _shown("slipway cost PREVIEW -s", [*slipway, "cost", str(_PREVIEW), *stack], file, bounded=True),
            _shown("slipway plan -s", [*slipway, "plan", *stack], file, bounded=True),
        ]
    return all(shown)


def _shown(name: str, command: Sequence[str], stack: Path, *, bounded: bool) -> bool:
    taken_s, cpu_s, code = _seconds(command, stack)
    met = not bounded or (taken_s < _WANTED_START_S and code == 0)
    verdict = ("pass" if met else "MISS") if bounded else ""
    print(
        f"{verdict:6}{name:26}{taken_s:6.2f} s, {cpu_s:.2f} s of processor" + (f"   exit code {code}" if code else "")
    )
    return met


def _seconds(command: Sequence[str], stack: Path) -> tuple[float, float, int]:
    """Wall clock, processor time (which a busy machine does not stretch as much) and exit code."""
    taken: list[float] = []
    used: list[float] = []
    code = 0
    for _ in range(_ROUNDS + 1):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        environment = os.environ | {"SLIPWAY_CONFIG_FILE": str(stack)}
        code = subprocess.run(command, env=environment, capture_output=True, timeout=60).returncode
        taken.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(taken[1:]), statistics.median(used[1:]), code


def _row(name: str, deadline: float, results: Iterable[Mapping[str, list[Held]]]) -> None:
    results = list(results)
    cells = ""
    for estimator in ("catalog", "recorded"):
        every = [one for result in results for one in result[estimator]]
        if not every:
            cells += f"{'–':>8}{'–':>7}{'–':>7} "
            continue
        bias = sum(one.usd for one in every) / sum(one.expected_usd for one in every)
        width = statistics.fmean(one.width for one in every)
        cells += f"{statistics.fmean(one.inside for one in every):8.1%}{width:7.2f}{bias:7.2f} "
    print(f"{name:44} {deadline:8} {cells}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--starts", type=int, default=40)
    parser.add_argument("--hours", type=float, default=48)
    asked = parser.parse_args()
    met = startup()
    if asked.folder:
        print()
        met &= backtest(asked.folder, starts=asked.starts, hours=asked.hours)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
