"""Runs the Pulumi engine on one stack and tells what it changed, event by event.

The engine is a process of its own with its own state; this module starts it, reads its event stream and ends it
cleanly when interrupted. What to do about a stack (train, promote, sweep) is decided elsewhere.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from slipway.errors import EngineError
from slipway.paths import PROJECT

_QUIET = frozenset({"same", "refresh", "read"})
_ECHOES = ("an unhandled error occurred: program exited", "update failed")  # of an error that was told already
_INTERRUPT_GRACE_S = 60  # an interrupted engine lets running operations finish and saves what they did

Report = Callable[["Change"], None]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One finished operation on one resource: op is the engine's word (create, update, replace, delete, …).

    component: it only groups others, nothing real was done.
    """

    op: str
    name: str
    type: str
    component: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How many resources had each operation; `same` counts those left alone."""

    operations: Mapping[str, int]

    @property
    def changed(self) -> int:
        return sum(count for op, count in self.operations.items() if op not in _QUIET)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack of this project and the engine that runs it.

    environment: as slipway.toolchain makes it. file: the stack's configuration. backend: a file backend of our own.
    """

    name: str
    executable: Path
    environment: Mapping[str, str]
    file: Path
    backend: Path | None = None

    def up(self, report: Report) -> Outcome:
        """Bring the stack to what the program says, after looking at what really runs. Blocks; safe to run again.

        Raises EngineError with the engine's own words; what was done before the failure is in the stack's state.
        """
        self._ensure_stack()
        return self._run(["up", "--yes", "--skip-preview", "--refresh"], report)

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


@dataclass
class _Heard:
    """What an engine said while it ran. asides: what the program wrote to standard error."""

    errors: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    operations: dict[str, int] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """Of a failure: the engine's errors, or all that a program which crashed left."""
        return "\n".join(self.errors or self.asides)


def _listen(process: subprocess.Popen[str], report: Report) -> _Heard:
    """Follow the engine to its end."""
    heard = _Heard()
    with _interruptible(process):
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        for event in _events(process.stdout):
            if message := _error(event):
                heard.errors.append(message)
            if aside := _aside(event):
                heard.asides.append(aside)
            if change := _change(event):
                report(change)
            heard.operations |= event.get("summaryEvent", {}).get("resourceChanges", {})
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


def _events(stream: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in stream:
        with contextlib.suppress(json.JSONDecodeError):
            yield json.loads(line)


def _error(event: Mapping[str, Any]) -> str:
    diagnostic = event.get("diagnosticEvent", {})
    said = diagnostic.get("message", "").strip() if diagnostic.get("severity") == "error" else ""
    return "" if said.startswith(_ECHOES) else said


def _aside(event: Mapping[str, Any]) -> str:
    """What the program wrote to standard error: often a warning, the only trace of a program that crashed."""
    diagnostic = event.get("diagnosticEvent", {})
    return diagnostic.get("message", "").strip() if diagnostic.get("severity") == "info#err" else ""


def _change(event: Mapping[str, Any]) -> Change | None:
    metadata = event.get("resOutputsEvent", {}).get("metadata")
    if metadata is None or metadata["op"] in _QUIET:
        return None
    return Change(
        op=metadata["op"],
        name=metadata["urn"].rsplit("::", 1)[-1],
        type=metadata["type"],
        component=not metadata.get("provider"),
    )
