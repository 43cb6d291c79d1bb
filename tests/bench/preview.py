"""How long a preview of a production stack takes, beside a bare program with as many resources of the same SDKs.

    python -m tests.bench.preview [aws-prod|multi-prod ...] [--rounds 5] [--json]

All are new stacks under the real engine on simulated clouds, with a provider in each region. A bare program registers
queues and topics in a loop, with two labels each: no settings, no placement, no components, nothing that waits for
another. The lean one loads nothing else of the SDKs, and the bar is held against it; the other loads the modules that
Slipway uses, so that what is left is Slipway's own. Rounds alternate, and the quickest of each program counts, since a
neighbour on the machine only ever slows one; CPU is that of all processes.
"""

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.settings import Settings
from slipway.paths import PROJECT
from tests.engine.simulated.project import SimulatedProject, make

WANTED_S = {"aws-prod": 15.0, "multi-prod": 20.0}
"""Stacks that have a bar, and the longest that a preview of each may take on 2 cores (issues 5 and 6)."""

_WANTED_RATIO = 1.4
_PYTHON_NAMES = {"lambda": "lambda_"}
_BARE = {
    "aws": """
from pulumi import ResourceOptions
from pulumi_aws import Provider as Aws
from pulumi_aws.sqs import Queue

there = [ResourceOptions(provider=Aws(f"aws-{{region}}", region=region)) for region in {regions!r}]
for number in range({count}):
    Queue(f"queue-{{number}}", tags={labels!r}, opts=there[number % len(there)])
""",
    "gcp": """
from pulumi import ResourceOptions
from pulumi_gcp import Provider as Google
from pulumi_gcp.pubsub import Topic

there = [
    ResourceOptions(provider=Google(f"gcp-{{region}}", project="example", region=region)) for region in {regions!r}
]
for number in range({count}):
    Topic(f"topic-{{number}}", labels={labels!r}, opts=there[number % len(there)])
""",
}
_LABELS = {"owner": "ml-platform", "environment": "prod"}
_LOADED = """
import importlib

for module in {modules!r}:
    getattr(importlib.import_module(module), "__all__", None)  # the SDKs load a module when it is asked for something
"""


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One preview. resources: all that were registered, the stack itself too."""

    wall_s: float
    cpu_s: float
    resources: int


@dataclass(frozen=True, kw_only=True)
class Figure:
    """The quickest of a program's rounds, and how many times as long the stack takes."""

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
    parser.add_argument("stacks", nargs="*", choices=[*WANTED_S, []], metavar="stack", help=", ".join(WANTED_S))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    for stack in asked.stacks or WANTED_S:
        with tempfile.TemporaryDirectory(prefix="slipway-bench-") as scratch:
            figures = measure(Path(scratch), stack, asked.rounds)
        print(json.dumps([asdict(figure) for figure in figures]) if asked.json else told(figures), flush=True)


def measure(scratch: Path, stack: str, rounds: int) -> list[Figure]:
    """The stack, lean and loaded. The first preview of each is left out: it reads the SDKs' types once."""
    ours = made(scratch / "slipway", stack)
    count = timed(ours).resources
    programs = {
        stack: ours,
        "bare": bared(made(scratch / "bare", stack), count, modules=[]),
        "bare, loaded": bared(made(scratch / "loaded", stack), count, modules=used_modules(stack)),
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
            ratio=wall[stack] / wall[name],
            cpu_ratio=cpu[stack] / cpu[name],
        )
        for name in programs
    ]


def told(figures: Sequence[Figure]) -> str:
    lines = [f"{'program':<14}{'resources':>10}{'wall s':>9}{'CPU s':>9}{'ours is':>9}{'in CPU':>9}"]
    lines += [
        f"{it.name:<14}{it.resources:>10}{it.wall_s:>9.1f}{it.cpu_s:>9.1f}{it.ratio:>9.2f}{it.cpu_ratio:>9.2f}"
        for it in figures
    ]
    ours, lean, _ = figures
    wanted_s = WANTED_S[ours.name]
    fast, near = ours.wall_s < wanted_s, lean.ratio <= _WANTED_RATIO
    lines += [
        "",
        f"{_word(fast)}  preview of {ours.name}: {ours.wall_s:.1f} s (wanted: under {wanted_s:g} s)",
        f"{_word(near)}  against the bare program: {lean.ratio:.2f} times (wanted: at most {_WANTED_RATIO:g})",
        "",
    ]
    return "\n".join(lines)


def made(folder: Path, stack: str) -> SimulatedProject:
    folder.mkdir()
    return make(folder, stack)


def bared(project: SimulatedProject, count: int, *, modules: Sequence[str]) -> SimulatedProject:
    """The project with a bare program in the place of Slipway's, which registers `count` resources in all."""
    regions = regions_of(project.stack)
    left = count - 1 - sum(map(len, regions.values()))  # the stack and the providers are resources
    share = shares(project.stack, regions)
    counts = {cloud: round(left * share[cloud]) for cloud in regions}
    counts[min(counts)] += left - sum(counts.values())
    program = _LOADED.format(modules=list(modules)) + "".join(
        _BARE[cloud].format(regions=list(there), count=counts[cloud], labels=_LABELS)
        for cloud, there in regions.items()
    )
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "__main__.py").write_text(program)
    return project


def regions_of(stack: str) -> dict[str, tuple[str, ...]]:
    """By cloud, where the stack has a provider."""
    settings = Settings.read(PROJECT / "stacks" / f"Pulumi.{stack}.yaml")
    return {cloud: part.regions for cloud, part in settings.clouds.items()} or {settings.target: settings.regions}


def shares(stack: str, clouds: Iterable[str]) -> dict[str, float]:
    """What part of the stack's cloud resources each cloud has, so that the bare program loads each SDK as much."""
    packages = Counter(token.partition(":")[0] for token in tokens_of(stack))
    counts = {cloud: packages[cloud] for cloud in clouds}
    return {cloud: count / sum(counts.values()) for cloud, count in counts.items()}


def used_modules(stack: str) -> list[str]:
    """Modules of the SDKs, by the types that the stack has."""
    services = {tuple(token.split("/")[0].split(":")[:2]) for token in tokens_of(stack)}
    return sorted(
        f"pulumi_{cloud}.{_PYTHON_NAMES.get(service, service)}" for cloud, service in services if cloud in _BARE
    )


def tokens_of(stack: str) -> list[str]:
    """The type of each resource that the stack has, from its snapshot."""
    snapshot = Path(__file__).parents[1] / "stacks" / "snapshots" / f"{stack}.txt"
    return [line.split()[0] for line in snapshot.read_text().splitlines()]


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
