"""Programs under the real engine and the stand-in provider, each project in a folder of its own."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slipway.paths import State
from slipway.toolchain import engine_variables, find_engine
from tests.cluster.plane.credentials import CONTEXT
from tests.engine.project import ONE_CHECKPOINT, PINS, EngineProject, Ran, lay_out, provider_script

_PROGRAM = """
import json
from pathlib import Path

from pulumi import CustomResource, CustomTimeouts, Output, ResourceOptions
from pulumi_kubernetes import Provider

said = json.loads(Path("said.json").read_text())
cluster = Provider("cluster", **said["provider"])
made = {}
for name, manifest in said["objects"].items():
    version = manifest["apiVersion"]
    token = f"kubernetes:{version if '/' in version else 'core/' + version}:{manifest['kind']}"
    needed = [made[other] for other in said["after"].get(name, ())]
    patience = CustomTimeouts(create=said["patience"], update=said["patience"], delete="60s")
    opts = ResourceOptions(provider=cluster, depends_on=needed, custom_timeouts=patience)
    if manifest["kind"] == "Secret":  # as the SDK's own class does
        manifest["stringData"] = Output.secret(manifest["stringData"])
    made[name] = CustomResource(token, name, manifest, opts)
"""


@dataclass(frozen=True, kw_only=True)
class Program(EngineProject):
    """A program that registers what it is told, by a file beside it. kubeconfig: what its provider gets."""

    kubeconfig: Path

    def say(
        self,
        objects: Mapping[str, Any],
        *,
        after: Mapping[str, list[str]] | None = None,
        patience: str = "30s",
        **provider: Any,
    ) -> None:
        """objects: manifests by name. after: which wait for which others. patience: for an object to become ready.

        provider: inputs of it besides the kubeconfig.
        """
        inputs = {"kubeconfig": str(self.kubeconfig), **provider}
        said = {"objects": objects, "after": after or {}, "patience": patience, "provider": inputs}
        self._said.write_text(json.dumps(said))

    def settle(self, objects: Mapping[str, Any], **say: Any) -> None:
        """Where a test begins: all that is up. That costs two seconds, so not where nothing has run since the last."""
        self.say(objects, **say)
        if self._settled.exists() and self._settled.read_text() == self._said.read_text():
            return
        ran = self.up()
        assert ran.ok, ran.why
        self._settled.write_text(self._said.read_text())

    def run(self, *command: str) -> Ran:
        if command[0] != "preview":
            self._settled.unlink(missing_ok=True)
        return super().run(*command)

    @property
    def _said(self) -> Path:
        return self.folder / "program" / "said.json"

    @property
    def _settled(self) -> Path:
        """What was said when all that was said was up, and nothing but previews has run since."""
        return self.folder / "settled.json"

    def up_with(self, objects: Mapping[str, Any], **say: Any) -> Ran:
        self.say(objects, **say)
        return self.up()

    def preview_with(self, objects: Mapping[str, Any], **say: Any) -> Ran:
        self.say(objects, **say)
        return self.preview()


def program(folder: Path, kubeconfig: Path, text: str = _PROGRAM) -> Program:
    """A project with an empty stack. text: a program that reads said.json. Blocks while the engine makes its state."""
    (folder / "program").mkdir()
    (folder / "program" / "__main__.py").write_text(text)
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
    (folder / "Pulumi.yaml").write_text(json.dumps({"name": "trial", "main": "program/", "runtime": runtime}))
    State(folder).backend.mkdir(parents=True)
    made = Program(
        folder=folder,
        stack="trial",
        executable=find_engine().executable,
        environment=standing_in(folder),
        kubeconfig=kubeconfig,
    )
    made.say({})
    made.call("stack", "init")
    return made


def stack_project(folder: Path, kubeconfig: Path, **section: Any) -> EngineProject:
    """The repository's own stack `kubernetes`, on this cluster. section: keys of that section of settings to change."""
    lay_out(folder, "kubernetes")
    environment = standing_in(folder) | {"SLIPWAY_RELEASES": str(PINS)}
    project = EngineProject(
        folder=folder, stack="kubernetes", executable=find_engine().executable, environment=environment
    )
    reached = {"kubeconfig": str(kubeconfig), "context": CONTEXT}
    project.configure(kubernetes=settings_of(project, "kubernetes") | reached | section)
    project.call("stack", "init")
    return project


def settings_of(project: EngineProject, section: str) -> dict[str, Any]:
    """A section of the stack's settings, as its file has it."""
    return yaml.safe_load(project.file.read_text())["config"][f"slipway:{section}"]


def standing_in(folder: Path) -> dict[str, str]:
    """The engine's environment with the stand-in first on PATH, and no way to a cluster but the one that is given."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    provider_script(bin_folder, "kubernetes", "tests.cluster.standin")
    variables = engine_variables(find_engine(), State(folder), "local")
    inherited = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    return {
        **inherited,
        **variables,
        **ONE_CHECKPOINT,
        "PATH": os.pathsep.join([str(bin_folder), variables["PATH"]]),
        "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",  # events, as from every other command
    }
