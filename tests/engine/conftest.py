"""The real engine on a project of its own, for each test module: its own backend, run folder and stack."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from infra.local.provider import stop_everything
from slipway.paths import State
from slipway.toolchain import engine_variables, find_engine
from tests.engine.simulated.core.faults import Faults
from tests.engine.simulated.core.holdings import Holdings
from tests.engine.simulated.project import simulating

_STACK = "dev"
_COMMAND_S = 60


@dataclass(kw_only=True)
class Project:
    """A Pulumi project in a folder of its own. stands: the program that the last `up` brought up whole."""

    folder: Path
    executable: Path
    environment: Mapping[str, str]
    stands: str | None = None

    @property
    def run_folder(self) -> Path:
        return self.folder / "run"

    def write(self, program: str) -> None:
        (self.folder / "program").mkdir(exist_ok=True)
        (self.folder / "program" / "__main__.py").write_text(program)

    def command(self, *arguments: str) -> list[str]:
        return [str(self.executable), *arguments, "--non-interactive", "--stack", _STACK]

    def pulumi(self, *arguments: str, fails: bool = False) -> str:
        """What the engine printed; its exit code is asserted."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
        )
        assert bool(done.returncode) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, program: str, *arguments: str, fails: bool = False) -> str:
        self.write(program)
        self.stands = None
        report = self.pulumi("up", "--yes", "--skip-preview", *arguments, fails=fails)
        self.stands = None if fails else program
        return report

    def settle(self, program: str) -> None:
        """Where a test begins: `program` is up. An `up` costs two seconds, so not where it stands already."""
        if self.stands != program:
            self.up(program)

    def destroy(self) -> str:
        self.stands = None
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def exported(self) -> str:
        """The stack's state as the engine gives it away, secrets encrypted."""
        return self.pulumi("stack", "export")

    def state(self, name: str) -> Mapping[str, Any]:
        """One resource as the backend keeps it; asking the engine would take half a second."""
        file = self.folder / "pulumi" / ".pulumi" / "stacks" / "trial" / f"{_STACK}.json"
        resources = json.loads(file.read_text())["checkpoint"]["latest"]["resources"]
        return next(resource for resource in resources if resource["urn"].endswith(f"::{name}"))


@dataclass(kw_only=True)
class CloudProject(Project):
    """A project whose program registers resources of simulated clouds."""

    @property
    def holdings(self) -> Holdings:
        """What the simulated cloud holds."""
        return Holdings(self.folder / "cloud")

    @property
    def faults(self) -> Faults:
        """What the simulated cloud is told to do wrong."""
        return Faults(self.folder / "cloud", self.holdings)


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    folder, executable, environment = _prepared()
    made = _initialised(Project(folder=folder, executable=executable, environment=environment))
    yield made
    stop_everything(made.run_folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudProject]:
    folder, executable, variables = _prepared()
    environment = simulating(variables, folder)
    yield _initialised(CloudProject(folder=folder, executable=executable, environment=environment))
    shutil.rmtree(folder)


def _prepared() -> tuple[Path, Path, dict[str, str]]:
    """A folder with a project, the engine, and the environment that it runs in."""
    # a short path: pytest's own would be too long for a unix socket on some machines
    folder = Path(tempfile.mkdtemp(prefix="slipway-", dir="/tmp"))
    engine = find_engine()
    state = State(folder)
    environment = os.environ | engine_variables(engine, state, "local")
    state.backend.mkdir(parents=True, exist_ok=True)
    scripts = Path(sys.executable).parent
    (folder / "Pulumi.yaml").write_text(
        json.dumps(
            {
                "name": "trial",
                "main": "program/",
                "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(scripts.parent)}},
                "plugins": {"providers": [{"name": "slipway", "path": str(scripts)}]},
            }
        )
    )
    return folder, engine.executable, environment


_P = TypeVar("_P", bound=Project)


def _initialised(project: _P) -> _P:
    project.write("")
    project.pulumi("stack", "init")
    return project
