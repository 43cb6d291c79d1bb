"""`make bench`: every bench one after the other, each a process of its own, so that none slows the next.

    python -m tests.bench                       all of them; what needs spot traces is left out without them
    python -m tests.bench predictor placement   these

Each is also a command of its own with options: `python -m tests.bench.predictor --help`. A bench prints its bars as met
or missed and never fails anything: it is read by a person.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from slipway.paths import PROJECT

TRACES = PROJECT.parent / "shared" / "data" / "spot_traces"
BENCHES = {
    "predictor": "the predictor beside LitServe and FastAPI",
    "tasks": "the task queue",
    "placement": "serving placement: exact, quick, and a day of traffic",
    "preview": "previews of production stacks beside bare programs of as many resources",
    "cost": "start-up of plan and cost, and estimates beside replayed bills",
    "spot": "the spot policy beside three baselines and the optimum",
    "kills": "a hundred workers of a training killed one after the other",
    "rehearsal": "trainings that lose workers as published traces say; some minutes a trace",
}
_WITH_TRACES = {"cost": False, "spot": True, "rehearsal": True}
"""Benches that take a folder of traces, and whether they mean anything without one."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], metavar="bench", help=", ".join(BENCHES))
    parser.add_argument("--traces", type=Path, default=TRACES, help="a folder of spot traces")
    asked = parser.parse_args()
    codes = [_run(name, asked.traces) for name in asked.names or BENCHES]
    return max(codes)


def _run(name: str, traces: Path) -> int:
    print(f"\n== {name}: {BENCHES[name]}", flush=True)
    arguments = [str(traces)] if name in _WITH_TRACES and traces.is_dir() else []
    if _WITH_TRACES.get(name) and not arguments:
        print(f"left out: no traces in {traces}; name a folder with --traces")
        return 0
    return subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
