"""Worker processes for tests, as the local stack runs them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway.paths import PROJECT
from tests.models import Built
from tests.valkey import Valkey, free_port

_STOP_S = 20


@dataclass(frozen=True, kw_only=True)
class Worker:
    process: subprocess.Popen[bytes]
    port: int


@contextlib.contextmanager
def worker_on(valkey: Valkey, release: Built, folder: Path) -> Iterator[Worker]:
    """A worker that takes over after one second of silence; killed at the end if it still runs."""
    url_file = folder / "queue-url"
    url_file.touch(mode=0o600)
    url_file.write_text(valkey.url)
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "SLIPWAY_RELEASE": str(release.folder),
        "SLIPWAY_RELEASE_DIGEST": release.digest,
        "SLIPWAY_QUEUE_URL_FILE": str(url_file),
        "SLIPWAY_PORT": str(port),
        "SLIPWAY_VISIBILITY_S": "1",
        "SLIPWAY_BACKOFF_S": "0.05",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    process = subprocess.Popen([sys.executable, "-m", "services.worker"], cwd=PROJECT, env=environment)
    try:
        yield Worker(process=process, port=port)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(_STOP_S)
