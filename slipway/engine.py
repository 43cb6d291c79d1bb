"""Runs the Pulumi engine on one stack and tells what it changed, event by event.

The engine is a process of its own with its own state; this module starts it, follows it (engine_events.py) and ends it
cleanly when interrupted. What to do about a stack (train, promote, sweep) is decided elsewhere.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from slipway.engine_events import Heard, Outcome, Report
from slipway.errors import EngineError
from slipway.paths import PROJECT

_INTERRUPT_GRACE_S = 60  # an interrupted engine lets running operations finish and saves what they did


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack of this project and the engine that runs it.

    environment: as slipway.toolchain makes it. file: the stack's configuration. backend: a file backend of our own.
    policies: the pack that judges an update before it is made.
    """

    name: str
    executable: Path
    environment: Mapping[str, str]
    file: Path
    backend: Path | None = None
    policies: Path | None = None

    def up(self, report: Report) -> Outcome:
        """Bring the stack to what the program says, after looking at what really runs. Blocks; safe to run again.

        Raises EngineError with the engine's own words; what was done before the failure is in the stack's state.
        """
        self._ensure_stack()
        pack = ["--policy-pack", str(self.policies)] if self.policies else []
        return self._run(["up", "--yes", "--skip-preview", "--refresh", *pack], report)

    def destroy(self, report: Report) -> Outcome:
        """Remove every resource of the stack. Blocks; safe to run again. Raises EngineError."""
        self._ensure_stack()
        return self._run(["destroy", "--yes", "--skip-preview", "--refresh"], report)

    def resource_ids(self) -> frozenset[str]:
        """Physical ids of all resources in the stack's state."""
        return frozenset(resource["id"] for resource in self._state().get("resources", []) if resource.get("id"))

    def remove(self) -> None:
        """Forget a stack whose resources are gone."""
        self._call(["stack", "rm", "--yes", "--preserve-config", "--stack", self.name])

    def exists(self) -> bool:
        listed = json.loads(self._call(["stack", "ls", "--json"]))
        return any(stack["name"].rsplit("/", 1)[-1] == self.name for stack in listed)

    @property
    def _where(self) -> list[str]:
        return ["--stack", self.name, "--config-file", str(self.file)]

    def _state(self) -> dict[str, Any]:
        return json.loads(self._call(["stack", "export", "--stack", self.name])).get("deployment") or {}

    def _ensure_stack(self) -> None:
        """A stack that can be worked on, whatever the engine before went through.

        A killed engine leaves creates that it does not know the end of. The provider's ids come from its inputs, so
        they can be forgotten: the next create finds what was started.
        """
        if self.backend is not None:
            self.backend.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.exists():
            with _unchanged(PROJECT / "stacks" / f"Pulumi.{self.name}.yaml"):
                self._call(["stack", "init", "--non-interactive", "--no-select", "--stack", self.name])
        self._drop_stale_lock()
        if self._state().get("pending_operations"):
            self._call(
                ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--non-interactive", *self._where]
            )

    def _drop_stale_lock(self) -> None:
        """A killed engine leaves its lock behind; `pulumi cancel` removes any lock, so only when its owner is gone."""
        if self.backend is None:
            return
        locks = list((self.backend / ".pulumi" / "locks").rglob("*.json"))
        if locks and not any(_held(lock) for lock in locks):
            self._call(["cancel", "--yes", "--non-interactive", "--stack", self.name])

    def _run(self, command: list[str], report: Report) -> Outcome:
        arguments = [str(self.executable), *command, "--non-interactive", "--json", *self._where]
        with tempfile.TemporaryFile("w+") as words:  # a pipe that nobody reads would stop the engine when it is full
            process = subprocess.Popen(
                arguments, cwd=PROJECT, env=dict(self.environment), stdout=subprocess.PIPE, stderr=words, text=True
            )
            heard = _listen(process, report)
            words.seek(0)
            if process.returncode:
                raise EngineError(heard.why or words.read().strip() or f"the engine ended with {process.returncode}")
        return Outcome(operations=heard.operations)

    def _call(self, command: list[str]) -> str:
        done = subprocess.run(
            [str(self.executable), *command], cwd=PROJECT, env=dict(self.environment), capture_output=True, text=True
        )
        if done.returncode:
            raise EngineError(f"pulumi {command[0]} failed: {done.stderr.strip()}")
        return done.stdout


@contextlib.contextmanager
def _unchanged(committed: Path) -> Iterator[None]:
    """`stack init` writes a salt into the stack file; it belongs into `Stack.file`, which `up` writes by itself."""
    before = committed.read_bytes() if committed.exists() else None
    try:
        yield
    finally:
        if before is None:
            committed.unlink(missing_ok=True)
        elif committed.read_bytes() != before:
            committed.write_bytes(before)


def _listen(process: subprocess.Popen[str], report: Report) -> Heard:
    """Follow the engine to its end."""
    heard = Heard()
    with _interruptible(process):
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        heard.take(process.stdout, report)
    return heard


@contextlib.contextmanager
def _interruptible(process: subprocess.Popen[str]) -> Iterator[None]:
    """Ctrl-C reaches the engine too (same terminal): wait for it to save its state. A second one ends it at once."""
    former = signal.signal(signal.SIGINT, lambda *_: _pass_on(process))
    try:
        yield
        process.wait()
    finally:
        signal.signal(signal.SIGINT, former)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_INTERRUPT_GRACE_S)
            process.kill()


def _pass_on(process: subprocess.Popen[str]) -> None:
    """The terminal signals the whole group; a signal that came to this process alone is passed on."""
    if process.poll() is None and os.getpgid(process.pid) != os.getpgrp():
        process.send_signal(signal.SIGINT)


def _held(lock: Path) -> bool:
    try:
        owner = json.loads(lock.read_text())
    except (OSError, json.JSONDecodeError):
        return False
    return owner.get("hostname") != socket.gethostname() or psutil.pid_exists(int(owner.get("pid", 0)))
