"""A real predictor process on a free port of loopback, for tests and benches; gone when the block ends."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from slipway.paths import PROJECT
from tests.models import Built

DEADLINE_S = 30.0
_LOOK_EVERY_S = 0.005


@dataclass(frozen=True, kw_only=True)
class Replica:
    """ready_s: from the start of its process to its first ready answer."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    ready_s: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        """Waits for the process to end."""
        return self.process.wait(DEADLINE_S)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def start(built: Built, port: int, log: Path, **environment: str) -> subprocess.Popen[bytes]:
    """The process alone; it may well refuse to start."""
    with log.open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "services.predictor"],
            cwd=PROJECT,
            env={
                "PATH": os.environ["PATH"],
                "ORT_DISABLE_TELEMETRY": "1",
                "SLIPWAY_RELEASE": str(built.folder),
                "SLIPWAY_RELEASE_DIGEST": built.digest,
                "SLIPWAY_REGION": "test-1",
                "PORT": str(port),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )


@contextlib.contextmanager
def replica(built: Built, log: Path, **environment: str) -> Iterator[Replica]:
    """A replica that is ready. environment: what differs from the defaults of services/predictor/settings.py."""
    port = free_port()
    began = time.perf_counter()
    process = start(built, port, log, **environment)
    try:
        await_ready(process, port, "/v2/health/ready", log)
        yield Replica(process=process, port=port, log=log, ready_s=time.perf_counter() - began)
    finally:
        process.kill()
        process.wait()


def await_ready(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    """Returns at the first 200 from `path`. Raises AssertionError with the log when the process ends or takes long."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=1)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        time.sleep(_LOOK_EVERY_S)
    raise AssertionError(f"the server at {port} is not ready:\n{log.read_text()[-3000:]}")
