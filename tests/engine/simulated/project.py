"""A stack of this project under the real engine and simulated clouds, in a folder of its own.

A cloud's provider is a script on PATH; what the cloud holds lies in `cloud/`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from slipway.paths import State
from slipway.toolchain import engine_variables, find_engine
from tests.engine.project import ONE_CHECKPOINT, PINS, EngineProject, Ran, lay_out, provider_script
from tests.engine.simulated.core.faults import Faults
from tests.engine.simulated.core.holdings import VARIABLE, Holdings
from tests.engine.simulated.gcp.outputs import NUMBER_VARIABLE

__all__ = ["CLOUDS", "PINS", "Ran", "SimulatedProject", "make", "reopen", "simulating"]

CLOUDS = ("aws", "gcp", "kubernetes")


@dataclass(frozen=True, kw_only=True)
class SimulatedProject(EngineProject):
    """folder: holds everything, so that removing it leaves nothing."""

    @property
    def holdings(self) -> Holdings:
        return Holdings(self.folder / "cloud")

    @property
    def faults(self) -> Faults:
        return Faults(self.folder / "cloud", self.holdings)


def make(folder: Path, stack: str) -> SimulatedProject:
    """Put a stack's project into an empty folder. Blocks while the engine makes its state."""
    lay_out(folder, stack)
    project = reopen(folder, stack)
    project.call("stack", "init")
    return project


def reopen(folder: Path, stack: str) -> SimulatedProject:
    """A project that `make` made."""
    engine = find_engine()
    environment = simulating(engine_variables(engine, State(folder), "local"), folder) | ONE_CHECKPOINT
    number = _project_number(folder / "stacks" / f"Pulumi.{stack}.yaml")
    return SimulatedProject(
        folder=folder,
        stack=stack,
        executable=engine.executable,
        environment=environment | ({NUMBER_VARIABLE: number} if number else {}),
    )


def _project_number(file: Path) -> str:
    """Of the project on Google that a stack says to be in, which some names of Google's hold; empty without one."""
    config = yaml.safe_load(file.read_text())["config"]
    part = config.get("slipway:clouds", {}).get("gcp", {})
    identity = part.get("identity") or config.get("slipway:identity", {})
    return str(identity.get("project_number", ""))


def simulating(variables: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The engine's environment with the simulated clouds first on PATH. variables: of the engine without them."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    for cloud in CLOUDS:
        provider_script(bin_folder, cloud, f"tests.engine.simulated.{cloud}")
    return {
        **os.environ,
        **variables,
        "PATH": os.pathsep.join([str(bin_folder), variables["PATH"]]),
        VARIABLE: str(folder / "cloud"),
        "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",  # events, as from every other command
        "SLIPWAY_RELEASES": str(PINS),
    }
