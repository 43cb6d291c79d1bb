"""The servers of a bench, each a process group of its own on a free port; all but the one under test are paused."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from slipway.paths import PROJECT
from tests.bench.client import Report
from tests.models import Built
from tests.replica import await_ready, free_port

_STOP_S = 10


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """name: in the table. module: what `python -m` runs. health: the path that says 200 once it is ready."""

    name: str
    module: str
    health: str
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Server:
    candidate: Candidate
    process: subprocess.Popen[bytes]
    port: int

    @property
    def cpu_s(self) -> float:
        """Processor time of the whole group until now."""
        parent = psutil.Process(self.process.pid)
        times = [process.cpu_times() for process in (parent, *parent.children(recursive=True))]
        return sum(time.user + time.system for time in times)

    def load(self, bodies: Path, *, connections: int, seconds: float) -> Report:
        """Load it while it has the machine to itself and the client."""
        before_s = self.cpu_s
        os.killpg(self.process.pid, signal.SIGCONT)
        try:
            argv = [sys.executable, "-m", "tests.bench.client", str(self.port), str(connections), str(seconds)]
            said = subprocess.run([*argv, str(bodies)], cwd=PROJECT, check=True, capture_output=True, timeout=60)
        finally:
            os.killpg(self.process.pid, signal.SIGSTOP)
        report = Report(**json.loads(said.stdout))
        return replace(report, cpu_us=(self.cpu_s - before_s) * 1e6 / max(1, report.requests))


@contextlib.contextmanager
def serving(candidate: Candidate, built: Built, log: Path) -> Iterator[Server]:
    """Ready, then paused; killed with all its processes when the block ends."""
    port = free_port()
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", candidate.module],
            cwd=PROJECT,
            env={
                "PATH": os.environ["PATH"],
                "ORT_DISABLE_TELEMETRY": "1",
                "SLIPWAY_RELEASE": str(built.folder),
                "SLIPWAY_RELEASE_DIGEST": built.digest,
                "PORT": str(port),
                **dict(candidate.environment),
            },
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        await_ready(process, port, candidate.health, log)
        os.killpg(process.pid, signal.SIGSTOP)
        yield Server(candidate=candidate, process=process, port=port)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_S)
