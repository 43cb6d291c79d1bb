"""A whole local stack for tests: its own state folder, its own ports, driven by the real command line."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slipway.ask import ask, read_token
from slipway.inventory import Inventory, Running, read_inventory
from slipway.paths import PROJECT, State
from slipway.status import Status, observe, summarise

_COMMAND_TIMEOUT_S = 300.0


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; held open together so that they differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports


def wait_until(holds: Callable[[], bool], what: str, deadline_s: float = 30.0) -> None:
    end = time.monotonic() + deadline_s
    while not holds():
        assert time.monotonic() < end, f"{what}: not within {deadline_s:.0f} s"
        time.sleep(0.1)


@dataclass(frozen=True)
class Platform:
    state: State
    file: Path

    @classmethod
    def prepare(cls, folder: Path, **settings: Any) -> "Platform":
        edge, queue, tracking = free_ports(3)
        config = {
            "slipway:target": "local",
            "slipway:regions": ["us-east-1", "ap-south-1"],
            "slipway:edge": {"port": edge},
            "slipway:queue": {"port": queue},
            "slipway:tracking": {"port": tracking},
        }
        file = folder / "Pulumi.local.yaml"
        file.write_text(
            yaml.safe_dump({"config": config | {f"slipway:{key}": value for key, value in settings.items()}})
        )
        return cls(State(folder / "state"), file)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"SLIPWAY_STATE": str(self.state.root), "SLIPWAY_CONFIG_FILE": str(self.file)}

    @property
    def config(self) -> dict[str, Any]:
        return yaml.safe_load(self.file.read_text())["config"]

    @property
    def port(self) -> int:
        return self.config["slipway:edge"]["port"]

    @property
    def inventory(self) -> Inventory:
        return read_inventory(self.state.inventory)

    @property
    def token(self) -> str:
        return read_token(self.inventory)

    @property
    def status(self) -> Status:
        return summarise(self.inventory, observe(self.inventory))

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "slipway", *arguments]
        return subprocess.Popen(
            command,
            cwd=PROJECT,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=_COMMAND_TIMEOUT_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def slipway(self, *arguments: str) -> Any:
        """What a command prints with --json. Fails the test when the command fails."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, f"slipway {' '.join(arguments)}: {done.stderr}\n{done.stdout}"
        return json.loads(done.stdout)

    def service(self, name: str) -> Running:
        return next(running for running in self.inventory.services if running.name == name)

    def pids(self, name: str) -> list[int]:
        service = next(service for service in self.status.services if service.name == name)
        return [replica.pid for replica in service.replicas if replica.state == "running"]

    def healthy_replicas(self, name: str) -> int:
        service = next(service for service in self.status.services if service.name == name)
        return sum(replica.health == "healthy" for replica in service.replicas)

    def ask(self, *instances: dict[str, Any], region: str = "") -> list[dict[str, Any]]:
        return ask(self.inventory, list(instances), region=region).body["predictions"]

    def await_healthy(self) -> None:
        """Every region at its lower bound of replicas again, as the edge sees it."""
        names = [service.name for service in self.inventory.services if service.role == "predictor"]
        wait_until(lambda: all(self.healthy_replicas(name) >= 2 for name in names), "every replica healthy")


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder for a platform: pytest's own are too deep for the path of a unix socket, which has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        yield Path(folder)


@contextmanager
def brought_up(folder: Path, **settings: Any) -> Iterator[Platform]:
    """A platform after its first `slipway up`, taken down at the end whatever happened."""
    platform = Platform.prepare(folder, **settings)
    try:
        platform.slipway("up")
        yield platform
    finally:
        platform.run("down", "--purge")
