"""What a command needs of a stack: its settings, checked before anything else, its state folder and its engine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from infra.settings import Settings
from slipway.engine import Stack
from slipway.paths import PROJECT, State, stack_file
from slipway.release import Pin, read_pin, write_pin
from slipway.toolchain import Engine, engine_variables, find_engine


@dataclass(frozen=True)
class Workspace:
    """The stack `name` on this machine. Opening it reads and checks; it builds the engine only when it is used."""

    name: str
    file: Path
    settings: Settings
    state: State

    @classmethod
    def open(cls, name: str) -> "Workspace":
        """The stack in `stacks/Pulumi.<name>.yaml`, or in the file that SLIPWAY_CONFIG_FILE names.

        Raises SettingsError for a stack file that is absent or wrong, before anything is started or changed.
        """
        file = stack_file(name)
        return cls(name=name, file=file, settings=Settings.read(file), state=State.locate())

    @cached_property
    def stack(self) -> Stack:
        """The engine on this stack; the first use may build the engine, which takes minutes and shows its progress."""
        return Stack(
            name=self.name,
            executable=self._engine.executable,
            environment=os.environ | self.engine_variables,
            file=self._engine_config(),
            backend=self.state.backend if self.settings.target == "local" else None,
            policies=None if self.settings.target == "local" else PROJECT / "infra" / "policy",
        )

    @cached_property
    def _engine(self) -> Engine:
        return find_engine()

    def _engine_config(self) -> Path:
        """A copy of the stack file for the engine, which keeps its salt there: the committed file stays as it is."""
        copy = self.state.engine_config(self.name)
        document = yaml.safe_load(self.file.read_text())
        former = yaml.safe_load(copy.read_text()) if copy.exists() else {}
        kept = {"encryptionsalt": former["encryptionsalt"]} if "encryptionsalt" in former else {}
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy.write_text(yaml.safe_dump({"config": document["config"]} | kept))
        return copy

    @property
    def engine_variables(self) -> Mapping[str, str]:
        """What the engine needs in its environment beyond what is there."""
        return engine_variables(self._engine, self.state, self.name)

    @property
    def pin(self) -> Pin | None:
        return read_pin(self.state.pin(self.name))

    def set_pin(self, pin: Pin | None) -> None:
        file = self.state.pin(self.name)
        if pin is None:
            file.unlink(missing_ok=True)
        else:
            write_pin(file, pin)
