"""How long a preview of `aws-prod` takes, beside a bare program that registers as many resources of the same SDK.

    python -m tests.bench.preview [--rounds 5] [--json]

All are new stacks under the real engine on the simulated AWS, with a provider in each region. A bare program registers
queues in a loop, with two tags each: no settings, no placement, no components, nothing that waits for another. The lean
one loads nothing else of the SDK, and the bar is held against it; the other loads the modules that Slipway uses, so
that what is left is Slipway's own. Rounds alternate, and the quickest of each program counts, since a neighbour on the
machine only ever slows one; CPU is that of all processes.
"""

import argparse
import json
import resource
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.engine.simulated.project import SimulatedProject, make

STACK = "aws-prod"
_WANTED_S = 15.0
_WANTED_RATIO = 1.4
_REGIONS = ["us-east-1", "ap-south-1"]
_PYTHON_NAMES = {"lambda": "lambda_"}
_BARE = """
import importlib

from pulumi import ResourceOptions
from pulumi_aws import Provider
from pulumi_aws.sqs import Queue

for module in {modules!r}:
    importlib.import_module(f"pulumi_aws.{{module}}")
providers = [ResourceOptions(provider=Provider(f"aws-{{region}}", region=region)) for region in {regions!r}]
for number in range({count}):
    tags = {{"owner": "ml-platform", "environment": "prod"}}
    Queue(f"queue-{{number}}", tags=tags, opts=providers[number % len(providers)])
"""


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One preview. resources: all that were registered, the stack itself too."""

    wall_s: float
    cpu_s: float
    resources: int


@dataclass(frozen=True, kw_only=True)
class Figure:
    """The quickest of a program's rounds, and how many times as long aws-prod takes."""

    name: str
    resources: int
    wall_s: float
    cpu_s: float
    ratio: float
    cpu_ratio: float


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.preview", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as scratch:
        figures = measure(Path(scratch), asked.rounds)
    print(json.dumps([asdict(figure) for figure in figures]) if asked.json else told(figures))


def measure(scratch: Path, rounds: int) -> list[Figure]:
    """aws-prod, lean and loaded. The first preview of each is left out: it reads the SDK's types for the first time."""
    ours = made(scratch / "slipway")
    count = timed(ours).resources
    programs = {
        STACK: ours,
        "bare": bared(made(scratch / "bare"), count, modules=[]),
        "bare, loaded": bared(made(scratch / "loaded"), count, modules=used_modules()),
    }
    for project in programs.values():
        assert timed(project).resources == count
    runs: dict[str, list[Timed]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, project in programs.items():
            runs[name].append(timed(project))
    wall = {name: min(run.wall_s for run in each) for name, each in runs.items()}
    cpu = {name: min(run.cpu_s for run in each) for name, each in runs.items()}
    return [
        Figure(
            name=name,
            resources=count,
            wall_s=wall[name],
            cpu_s=cpu[name],
            ratio=wall[STACK] / wall[name],
            cpu_ratio=cpu[STACK] / cpu[name],
        )
        for name in programs
    ]


def told(figures: list[Figure]) -> str:
    lines = [f"{'program':<14}{'resources':>10}{'wall s':>9}{'CPU s':>9}{'ours is':>9}{'in CPU':>9}"]
    lines += [
        f"{it.name:<14}{it.resources:>10}{it.wall_s:>9.1f}{it.cpu_s:>9.1f}{it.ratio:>9.2f}{it.cpu_ratio:>9.2f}"
        for it in figures
    ]
    ours, lean, _ = figures
    fast, near = ours.wall_s < _WANTED_S, lean.ratio <= _WANTED_RATIO
    lines += [
        "",
        f"{_word(fast)}  preview of {STACK}: {ours.wall_s:.1f} s (wanted: under {_WANTED_S:g} s)",
        f"{_word(near)}  against the bare program: {lean.ratio:.2f} times (wanted: at most {_WANTED_RATIO:g})",
    ]
    return "\n".join(lines)


def made(folder: Path) -> SimulatedProject:
    folder.mkdir()
    return make(folder, STACK)


def bared(project: SimulatedProject, count: int, *, modules: list[str]) -> SimulatedProject:
    """The project with a bare program in the place of Slipway's, which registers `count` resources in all."""
    program = _BARE.format(
        modules=modules,
        regions=_REGIONS,
        count=count - len(_REGIONS) - 1,  # the stack is a resource
    )
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "__main__.py").write_text(program)
    return project


def used_modules() -> list[str]:
    """Modules of the SDK, by the types that the stack has."""
    snapshot = Path(__file__).parents[1] / "stacks" / "snapshots" / f"{STACK}.txt"
    tokens = [line.split()[0] for line in snapshot.read_text().splitlines()]
    services = sorted({token.split(":")[1].split("/")[0] for token in tokens if token.startswith("aws:")})
    return [_PYTHON_NAMES.get(service, service) for service in services]


def timed(project: SimulatedProject) -> Timed:
    """Raises AssertionError with the engine's words when the preview fails."""
    shutil.rmtree(project.folder / "cloud", ignore_errors=True)
    before, started = _cpu_s(), time.monotonic()
    ran = project.preview()
    assert ran.ok, ran.why
    wall_s = time.monotonic() - started
    return Timed(wall_s=wall_s, cpu_s=_cpu_s() - before, resources=sum(ran.operations.values()))


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _word(met: bool) -> str:
    return "pass" if met else "MISS"


if __name__ == "__main__":
    main()
