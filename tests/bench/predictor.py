"""`python -m tests.bench.predictor`: the predictor beside LitServe and FastAPI, one ONNX model, one machine, one run.

Rounds alternate between the servers, so that a neighbour's noise hits all of them, and the median of a server's rounds
is its figure; "CPU us" is the server's processor time for a request, which a busy machine changes least. Bars are
printed as met or missed and never fail anything: a bench is read by a person.
"""

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from tests import models
from tests.bench.client import Report
from tests.bench.servers import Candidate, Server, serving
from tests.replica import replica

HIDDEN = 128  # about the arithmetic of the employment model that ships
ROWS = 1000
STARTS = 5
PREDICTOR = Candidate(name="Slipway predictor", module="services.predictor", health="/v2/health/ready")
LITSERVE = (
    Candidate(name="LitServe", module="tests.bench.litserve_server", health="/health"),
    Candidate(
        name="LitServe, 2 API servers",
        module="tests.bench.litserve_server",
        health="/health",
        environment=(("API_SERVERS", "2"),),
    ),
)
FASTAPI = Candidate(name="FastAPI, same batcher", module="tests.bench.fastapi_server", health="/health")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """The medians of a server's rounds; failed is their sum."""

    name: str
    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    failed: int


@dataclass(frozen=True, kw_only=True)
class Bar:
    name: str
    wanted: str
    found: str
    met: bool


def main() -> int:
    arguments = _parse()
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as scratch:
        folder = Path(scratch)
        built = models.employment(folder / "release", rows=ROWS, hidden=HIDDEN)
        bodies = folder / "bodies"
        bodies.write_text("".join(json.dumps({"instances": [row]}) + "\n" for row in built.instances()))
        ready_s = statistics.median(_start_s(built, folder / f"start-{n}.log") for n in range(STARTS))
        figures = _measure(built, bodies, folder, arguments)
    bars = judge(figures, ready_s)
    if arguments.json:
        print(
            json.dumps({"figures": [asdict(f) for f in figures], "ready_s": ready_s, "bars": [asdict(b) for b in bars]})
        )
    else:
        print(table(figures, bars, arguments.connections))
    return 0


def judge(figures: list[Figure], ready_s: float) -> list[Bar]:
    """Against the better of LitServe's two settings."""
    ours = figures[0]
    rival = max((f for f in figures if f.name.startswith("LitServe")), key=lambda f: f.per_s)
    ratio = ours.per_s / rival.per_s
    return [
        Bar(
            name=f"throughput against {rival.name}",
            wanted="at least 6 times",
            found=f"{ratio:.1f} times",
            met=ratio >= 6,
        ),
        Bar(name="p99", wanted="under 20 ms", found=f"{ours.p99_ms:.1f} ms", met=ours.p99_ms < 20),
        Bar(name="process start to ready", wanted="within 0.7 s", found=f"{ready_s:.2f} s", met=ready_s <= 0.7),
        Bar(name="failed requests", wanted="none", found=str(ours.failed), met=ours.failed == 0),
    ]


def table(figures: list[Figure], bars: list[Bar], connections: int) -> str:
    lines = [
        f"{connections} keep-alive connections, one row a request, medians of alternating rounds",
        "",
        f"{'server':<26}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>8}{'failed':>8}{'ours is':>11}",
    ]
    for figure in figures:
        ratio = f"{figures[0].per_s / figure.per_s:.1f} times"
        lines.append(
            f"{figure.name:<26}{figure.per_s:>12,.0f}{figure.p50_ms:>9.1f}{figure.p99_ms:>9.1f}{figure.cpu_us:>8,.0f}{figure.failed:>8}{ratio:>11}"
        )
    lines.append("")
    lines += [f"{'pass' if bar.met else 'MISS'}  {bar.name}: {bar.found} (wanted: {bar.wanted})" for bar in bars]
    return "\n".join(lines)


def _measure(built: models.Built, bodies: Path, folder: Path, arguments: argparse.Namespace) -> list[Figure]:
    candidates = [PREDICTOR, *LITSERVE, FASTAPI]
    rounds: dict[str, list[Report]] = {candidate.name: [] for candidate in candidates}
    with contextlib.ExitStack() as stack:
        servers: list[Server] = []
        for number, candidate in enumerate(candidates):
            servers.append(stack.enter_context(serving(candidate, built, folder / f"server-{number}.log")))
            _say(f"{candidate.name}: ready")
        for server in servers:
            server.load(bodies, connections=arguments.connections, seconds=1)  # warm-up
        for number in range(arguments.rounds):
            for server in servers:
                report = server.load(bodies, connections=arguments.connections, seconds=arguments.seconds)
                rounds[server.candidate.name].append(report)
                _say(f"round {number + 1}: {server.candidate.name}: {report.per_s:,.0f} requests/s")
    return [_figure(name, reports) for name, reports in rounds.items()]


def _figure(name: str, reports: list[Report]) -> Figure:
    return Figure(
        name=name,
        per_s=statistics.median(report.per_s for report in reports),
        p50_ms=statistics.median(report.p50_ms for report in reports),
        p99_ms=statistics.median(report.p99_ms for report in reports),
        cpu_us=statistics.median(report.cpu_us for report in reports),
        failed=sum(report.failed for report in reports),
    )


def _start_s(built: models.Built, log: Path) -> float:
    with replica(built, log) as running:
        return running.ready_s


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.predictor", description="The predictor beside its rivals."
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.5, help="of each server in each round")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
