"""Processes of a control plane: each with a log, looked after until it answers, ended by its own id."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_STOP_S = 10
_POLL_S = 0.05
_TAIL_BYTES = 3000


@dataclass
class Processes:
    """Those of one folder, in the order of their start."""

    folder: Path
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, "subprocess.Popen[bytes]"])

    def start(self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        """Named as its executable. A secret is in no argument: every user of the machine reads those."""
        name = Path(command[0]).name
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )

    def wait(self, name: str, answers: Callable[[], bool], *, deadline_s: float) -> None:
        """Block until a process answers. Raises AssertionError with the end of its log when it does not."""
        deadline = time.monotonic() + deadline_s
        while not answers():
            ended = self._running[name].poll() is not None
            if ended or time.monotonic() > deadline:
                how = "ended" if ended else f"did not answer within {deadline_s:g} s"
                raise AssertionError(f"{name} {how}:\n{self._tail(name)}")
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """End all, the last first, and wait for each; one that does not go in time is killed."""
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_STOP_S)
        self._running.clear()

    def _tail(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
