"""The journal of a run (training/journal.py), read while it is still being written."""

from contextlib import suppress
from pathlib import Path

import msgspec

from training.journal import Event, Step


class Written:
    """steps, events: so far. `read` takes in what was written since; a line that a kill cut short is left out."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._position = 0
        self.steps: list[Step] = []
        self.events: list[Event] = []

    def read(self) -> None:
        try:
            with self._file.open("rb") as stream:
                stream.seek(self._position)
                written = stream.read()
        except FileNotFoundError:  # no worker has begun yet
            return
        whole = written[: written.rfind(b"\n") + 1]
        self._position += len(whole)
        for line in whole.splitlines():
            self._take(line)

    def _take(self, line: bytes) -> None:
        with suppress(msgspec.DecodeError):  # of a line that was cut
            if "event" in msgspec.json.decode(line, type=dict[str, object]):
                self.events.append(msgspec.json.decode(line, type=Event))
            else:
                self.steps.append(msgspec.json.decode(line, type=Step))
