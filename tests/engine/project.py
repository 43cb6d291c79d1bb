"""A stack of this project under the real engine, in a folder of its own.

The project is the one in the repository: its Pulumi.yaml and its program, through links, so that the engine's copies of
configuration and state lie elsewhere. What a provider's name leads to is the caller's to say, by the PATH it gives.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slipway.engine_events import Heard
from slipway.paths import PROJECT, State

_COMMAND_S = 120
PINS = PROJECT / "tests" / "stacks" / "releases"
"""Releases that the stacks of the repository serve, for tests."""

ONE_CHECKPOINT = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""Save the state at the end of a run and not after each resource, which takes longer than all else together. A provider
that dies is survived so, an engine that is killed is not."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What one run of the engine did. operations: how many resources had each. said: all that it printed, as text."""

    ok: bool
    operations: Mapping[str, int]
    why: str
    said: str

    @property
    def changed(self) -> int:
        return sum(
            count for operation, count in self.operations.items() if operation not in ("same", "read", "refresh")
        )


@dataclass(frozen=True, kw_only=True)
class EngineProject:
    """folder: holds everything, so that removing it leaves nothing."""

    folder: Path
    stack: str
    executable: Path
    environment: Mapping[str, str]

    @property
    def file(self) -> Path:
        """The stack's configuration, a copy."""
        return self.folder / "stacks" / f"Pulumi.{self.stack}.yaml"

    def configure(self, **settings: Any) -> None:
        """Set keys of the stack's settings; None removes one."""
        document = yaml.safe_load(self.file.read_text())
        for key, value in settings.items():
            document["config"].pop(f"slipway:{key}", None)
            if value is not None:
                document["config"][f"slipway:{key}"] = value
        self.file.write_text(yaml.safe_dump(document))

    def preview(self, *arguments: str) -> Ran:
        return self.run("preview", *arguments)

    def up(self, *arguments: str) -> Ran:
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def refresh(self, *arguments: str) -> Ran:
        return self.run("refresh", "--yes", "--skip-preview", *arguments)

    def destroy(self, *arguments: str) -> Ran:
        return self.run("destroy", "--yes", "--skip-preview", *arguments)

    def run(self, *command: str) -> Ran:
        """Run the engine to its end; a failure is in what it returns."""
        done = self._start([*command, "--json"])
        heard = Heard()
        heard.take(done.stdout.splitlines(), lambda _: None)
        why = heard.why or done.stderr
        said = done.stdout + done.stderr
        return Ran(
            ok=done.returncode == 0, operations=heard.operations, why="" if not done.returncode else why, said=said
        )

    def call(self, *command: str, given: str | None = None) -> str:
        """One of the engine's lesser commands; what it printed. Raises AssertionError when it fails."""
        done = self._start([*command], given=given)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def state(self) -> list[dict[str, Any]]:
        """All resources as the backend keeps them, secrets encrypted."""
        file = next((self.folder / "pulumi" / ".pulumi" / "stacks").rglob(f"{self.stack}.json"))
        return json.loads(file.read_text())["checkpoint"]["latest"].get("resources", [])

    def outputs(self) -> Mapping[str, Any]:
        return next(each for each in self.state() if each["type"] == "pulumi:pulumi:Stack").get("outputs", {})

    def _start(self, command: Iterable[str], given: str | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.executable), *command, "--non-interactive", "--stack", self.stack],
            cwd=self.folder,
            env=dict(self.environment),
            input=given,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
        )


def provider_script(folder: Path, provider: str, module: str) -> None:
    """An executable in `folder` under which the engine finds a provider, which is a module of the tests.

    -P, since the engine starts it in infra/, where infra/kubernetes would hide the library of that name.
    """
    script = folder / f"pulumi-resource-{provider}"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={PROJECT} exec {sys.executable} -P -m {module} "$@"\n')
    script.chmod(0o755)


def lay_out(folder: Path, stack: str) -> None:
    """Put the project with one stack into an empty folder."""
    shutil.copyfile(PROJECT / "Pulumi.yaml", folder / "Pulumi.yaml")
    (folder / "infra").symlink_to(PROJECT / "infra")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "stacks").mkdir()
    shutil.copyfile(PROJECT / "stacks" / f"Pulumi.{stack}.yaml", folder / "stacks" / f"Pulumi.{stack}.yaml")
    State(folder).backend.mkdir(parents=True)
