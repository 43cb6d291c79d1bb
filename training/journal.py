"""The journal of a run: a line for each step and each event, which a rehearsal compares and a person can plot.

`<work folder>/journal.jsonl`, appended by the leading worker, one JSON object a line:

    {"step": 12, "loss": 0.41, "workers": 4, "at": 1790000000.0}
    {"event": "regrouped", "step": 12, "workers": 3, "at": 1790000000.3}

step: steps taken so far. loss: the mean over the whole batch. at: Unix seconds. Events are `started` (nothing was there
to go on from), `resumed` (from a checkpoint), `regrouped` (workers came or went), `checkpoint` and `ended`.
A step that was lost and taken again has two lines: the later one counts.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

JOURNAL = "journal.jsonl"

EventName = Literal["started", "resumed", "regrouped", "checkpoint", "ended"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    step: int
    loss: float
    workers: int
    at: float


class Event(msgspec.Struct, frozen=True, kw_only=True):
    event: EventName
    step: int
    workers: int
    at: float


class Journal:
    """file: None keeps none. Only a process that `leads` writes, each line at once, so that a kill costs none.

    clock: Unix seconds.
    """

    def __init__(self, file: Path | None, *, leads: bool, clock: Callable[[], float] = time.time) -> None:
        self._file, self.leads, self._clock = file, leads, clock

    @property
    def is_kept(self) -> bool:
        """Whether a loss is worth fetching from the device."""
        return self._file is not None and self.leads

    def step(self, step: int, *, loss: float, workers: int) -> None:
        self._append(Step(step=step, loss=loss, workers=workers, at=self._clock()))

    def event(self, event: EventName, *, step: int, workers: int) -> None:
        self._append(Event(event=event, step=step, workers=workers, at=self._clock()))

    def _append(self, entry: Step | Event) -> None:
        if self._file is None or not self.leads:
            return
        with self._file.open("ab", buffering=0) as file:
            file.write(msgspec.json.encode(entry) + b"\n")


def read_journal(file: Path) -> Iterator[Step | Event]:
    """What the journal says so far, in order; nothing while there is none. A line that a kill cut is left out."""
    if not file.exists():
        return
    for line in file.read_bytes().splitlines():
        try:
            found: dict[str, object] = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        yield msgspec.convert(found, Event if "event" in found else Step)


def losses(file: Path) -> dict[int, float]:
    """The loss of each step, as it was taken last."""
    return {entry.step: entry.loss for entry in read_journal(file) if isinstance(entry, Step)}
