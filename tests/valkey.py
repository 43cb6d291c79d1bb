"""A real Valkey on a free port of loopback, as durable as the local stack's: killed, it comes back with everything."""

import contextlib
import os
import random
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from services.tasks import server_config, valkey_server

_DEADLINE_S = 15


class Valkey:
    """One server in `folder`. `kill` is kill -9; `start` brings it back on the same port with the same data."""

    def __init__(self, folder: Path, *, memory_gib: float = 0.25) -> None:
        self._folder = folder
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"redis://:{self._password}@127.0.0.1:{self.port}/0"
        data = folder / "data"
        data.mkdir(parents=True)
        self.config = folder / "valkey.conf"
        self.config.write_text(
            server_config(folder=data, port=self.port, password=self._password, memory_gib=memory_gib)
        )
        self.config.chmod(0o600)

    def start(self) -> None:
        """Returns once it listens. It may still be loading then, as after any restart."""
        with (self._folder / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen([str(valkey_server()), str(self.config)], stdout=log, stderr=log)
        deadline = time.monotonic() + _DEADLINE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise AssertionError(f"Valkey did not start:\n{(self._folder / 'valkey.log').read_text()[-2000:]}")

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(_DEADLINE_S)

    def freeze(self) -> None:
        """It keeps its connections and answers nothing, as a machine that hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


@contextlib.contextmanager
def running(folder: Path, *, memory_gib: float = 0.25) -> Iterator[Valkey]:
    server = Valkey(folder, memory_gib=memory_gib)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """Below the ports that the kernel gives to outgoing connections: while a server is down, one of its clients that
    tries again and again could otherwise be given the very port that it calls, and take it by calling itself.
    """
    while True:
        port = random.randint(10_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port
