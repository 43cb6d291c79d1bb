"""Waiting for slots: until they answer, until they have stopped, or until there is no more sense in it."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.provider.health import answers
from infra.local.provider.spec import Probe
from slipway.errors import SlipwayError
from slipway.slots import Slot

_TAIL_LINES = 20
_TAIL_BYTES = 16_384
_POLL_S = 0.05

Slots = Callable[[], list[Slot] | None]


class EngineInterruptedError(SlipwayError):
    """The engine was interrupted; the next run takes up what was begun."""

    def __init__(self, what: str) -> None:
        super().__init__(f"interrupted while {what}", hint="run it again: what was begun is taken up or removed")


@dataclass(kw_only=True)
class Start:
    """Slots of one service on their way up.

    slots: asks supervisord. wanted: the numbers waited for. log: the file of a slot. secrets: shown to nobody.
    """

    service: str
    wanted: Collection[int]
    slots: Slots
    probe: Probe | None
    log: Callable[[int], Path]
    secrets: frozenset[str]
    _pids: dict[int, int] = field(default_factory=dict[int, int])

    def wait(self, deadline_s: float, cancelled: threading.Event) -> None:
        """Block until every wanted slot answers its probe, or without one has run for a second.

        Raises SlipwayError with the slot's last log lines when it exits or the deadline passes, and
        EngineInterruptedError on cancel.
        """
        pending = set(self.wanted)
        deadline = time.monotonic() + deadline_s
        interval_s = self.probe.interval_s if self.probe else _POLL_S
        while True:
            by_number = {slot.slot: slot for slot in self.slots() or ()}
            for number in sorted(pending):
                self._refuse_if_gone(number, by_number.get(number))
                if self._answers(by_number[number]):
                    pending.discard(number)
            if not pending:
                return
            if time.monotonic() > deadline:
                raise self._failed(min(pending), f"did not answer {_target(self.probe)} within {deadline_s:g} s")
            if cancelled.wait(interval_s):
                raise EngineInterruptedError(f"{self.service} was starting")

    def _refuse_if_gone(self, number: int, slot: Slot | None) -> None:
        first_pid = self._pids.setdefault(number, slot.pid if slot else 0)
        if slot is None or not slot.up:
            raise self._failed(number, "exited before it answered")
        if slot.pid != first_pid:  # supervisord has started it again between two looks
            raise self._failed(number, "exited and was started again before it answered")

    def _answers(self, slot: Slot) -> bool:
        if self.probe is None:
            return slot.state == "running"
        return slot.port is not None and answers(self.probe, slot.port)

    def _failed(self, number: int, how: str) -> SlipwayError:
        lines = redact(tail(self.log(number)), self.secrets)
        said = "its last lines:\n" + lines if lines else "it wrote nothing"
        return SlipwayError(f"slot {number} of {self.service} {how}; {said}")


def wait_stopped(slots: Slots, deadline_s: float, cancelled: threading.Event | None) -> bool:
    """Block until no slot runs or stops; whether that came in time. Raises EngineInterruptedError on cancel."""
    deadline = time.monotonic() + deadline_s
    idle = cancelled or threading.Event()
    while any(slot.pid for slot in slots() or ()):
        if time.monotonic() > deadline:
            return False
        if idle.wait(_POLL_S):
            raise EngineInterruptedError("a service was draining")
    return True


def tail(log: Path) -> str:
    """The last lines of a log."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-_TAIL_LINES:])


def redact(text: str, secrets: frozenset[str]) -> str:
    """`text` with every secret replaced, the longest first, since one may hold another."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text


def _target(probe: Probe | None) -> str:
    if probe is None:
        return "as a process that stays"
    return f"GET {probe.path}" if probe.path else "on its port"
