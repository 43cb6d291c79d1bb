"""What each worker leaves for the others to see that it lives, and where it stands: a few bytes in the store where they
met."""

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
from torch.distributed import DistError, Store, TCPStore  # pyright: ignore[reportPrivateImportUsage]

from training.elastic.store import FolderStore
from training.observe.figures import Phase
from training.rendezvous import RENDEZVOUS_FOLDER

_WITHIN_TURN: tuple[Phase, ...] = ("start", "data", "judge", "step", "agree", "checkpoint")
"""What comes after what within a turn of the loop."""

_REACHED_WITHIN = timedelta(seconds=10)
_ANSWERED_WITHIN_S = 15.0


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """step: taken so far. turn: of the loop. phase: what the worker has been doing for for_s. at: Unix seconds."""

    rank: int
    step: int
    turn: int
    phase: Phase
    for_s: float
    at: float

    @property
    def stands(self) -> tuple[int, int]:
        if self.phase == "meet":  # waits for all who are anywhere else
            return sys.maxsize, 0
        return self.turn, _WITHIN_TURN.index(self.phase)


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """rank: of a worker that holds the others up; why: in words."""

    rank: int
    why: str


def holding_up(beats: dict[int, Beat], *, workers: int, now: float, silent_s: float) -> tuple[Suspect, ...]:
    """Who holds the others up, as far as the beats tell: whoever is silent, else whoever is behind. Empty when all
    stand at the same point, where only their exchange itself can hang, or when the beats cannot be read at all."""
    if not beats:
        return ()
    silent = [
        Suspect(rank=rank, why="never heard of" if beat is None else f"not heard of for {now - beat.at:.0f} s")
        for rank in range(workers)
        if (beat := beats.get(rank)) is None or now - beat.at > silent_s
    ]
    if silent:
        return tuple(silent)
    furthest = max(beat.stands for beat in beats.values())
    return tuple(
        Suspect(rank=rank, why=f"in {beat.phase!r} after step {beat.step} for {beat.for_s:.0f} s")
        for rank, beat in sorted(beats.items())
        if beat.stands < furthest
    )


class Beats:
    """of: names those that belong together, so that an earlier start's are not taken for them. answered_within_s: the
    longest that the store is waited for.

    Raises nothing: a store that is away tells nobody anything. A thread of its own asks it, for torch's heeds no
    timeout once the machine that keeps it is gone.
    """

    def __init__(
        self,
        store: Store | None,
        *,
        of: str,
        clock: Callable[[], float] = time.time,
        answered_within_s: float = _ANSWERED_WITHIN_S,
    ) -> None:
        self._store, self._of, self._clock, self._within_s = store, of, clock, answered_within_s
        self._asking: threading.Thread | None = None

    def leave(self, rank: int, *, step: int, turn: int, phase: Phase, for_s: float) -> None:
        beat = Beat(rank=rank, step=step, turn=turn, phase=phase, for_s=for_s, at=self._clock())
        self._ask(lambda store: store.set(self._key(rank), msgspec.json.encode(beat).decode()))

    def all(self, workers: int) -> dict[int, Beat] | None:
        """None when the store does not answer."""
        found: dict[int, Beat] = {}

        def read(store: Store) -> None:
            for rank in range(workers):
                if store.check([self._key(rank)]):
                    with suppress(msgspec.DecodeError):
                        found[rank] = msgspec.json.decode(store.get(self._key(rank)), type=Beat)

        return found if self._ask(read) else None

    def _ask(self, act: Callable[[Store], object]) -> bool:
        """Whether the store did it in time, or there is none. While it still does what it was asked before, it is asked
        nothing."""
        if self._store is None:
            return True
        if self._asking is not None and self._asking.is_alive():
            return False
        store, done = self._store, threading.Event()

        def ask() -> None:
            with suppress(DistError, OSError):
                act(store)
                done.set()

        self._asking = threading.Thread(target=ask, name="beats", daemon=True)
        self._asking.start()
        self._asking.join(self._within_s)
        return done.is_set()

    def _key(self, rank: int) -> str:
        return f"beat-{self._of}-{rank}"


def beats_store() -> Store | None:
    """A connection of one's own to where the workers met, since another thread uses the one there is; None for a
    process by itself or one that cannot reach it."""
    folder = os.environ.get(RENDEZVOUS_FOLDER)
    if folder:
        return FolderStore(Path(folder))
    if "MASTER_ADDR" not in os.environ:
        return None
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    try:
        return TCPStore(host, port, is_master=False, wait_for_workers=False, timeout=_REACHED_WITHIN)
    except (DistError, OSError):
        return None
