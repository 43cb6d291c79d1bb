"""One worker's part in the roster: it comes, waits for the round to begin, leaves, and sees when others wait.

Whether another worker lives is asked of the kernel where both are on one machine, which knows at once and is never
wrong; of another machine, by the beats that its workers leave in the store, which takes `_SILENCE_S`.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import psutil
from torch.distributed import PrefixStore, Store  # pyright: ignore[reportPrivateImportUsage]

from training.elastic.roster import Member, Roster, is_awaited, next_round, with_present, without
from training.elastic.store import FolderStore
from training.preempt import Left

_ROSTER = "roster"
_BEAT_S, _SILENCE_S = 1.0, 5.0
_CLOCK_MOVES_S = 2.0  # at most, between two looks at when a process was started
_LOOK_S = 0.01  # at the roster, while waiting for the round
_GLANCE_S = 0.1  # at the roster, while training


class RunIsOver(Exception):  # noqa: N818 - no error: there is nothing left to do
    """The run that this worker came to has ended."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """store: of this round alone, with which its process group is formed."""

    rank: int
    size: int
    store: Store


class Membership:
    """fewest and most: workers in a round. is_noticed: whether this worker was told to go, which ends its waiting."""

    def __init__(
        self,
        store: Store,
        *,
        fewest: int,
        most: int,
        is_noticed: Callable[[], bool] = lambda: False,
        me: Member | None = None,
    ) -> None:
        self._store, self._fewest, self._most, self._is_noticed = store, fewest, most, is_noticed
        self._me = me or this_process()
        self._round = 0
        self._glanced_at = 0.0
        self._ended = threading.Event()
        self._store.compare_set(_ROSTER, "", _encoded(Roster()))
        if isinstance(store, FolderStore):
            store.give_up = self._lost
        else:
            threading.Thread(target=self._beat, name="beat", daemon=True).start()

    def meet(self) -> Round:
        """Come, and wait until a round with this worker in it begins.

        Raises RunIsOver, and Left when this worker was told to go; its `others` says whether some go on.
        """
        began = self._round
        while True:
            roster = self._change(self._came)
            if roster.is_over:
                raise RunIsOver
            if roster.round > began and self._me in roster.members:
                self._round = roster.round
                store = PrefixStore(f"round-{roster.round}", self._store)
                return Round(rank=roster.members.index(self._me), size=len(roster.members), store=store)
            if self._is_noticed():
                raise Left(others=self.leave())
            time.sleep(_LOOK_S)

    def is_awaited(self) -> bool:
        """Whether those of this round should meet again. Looks at the store now and then only."""
        now = time.monotonic()
        if now - self._glanced_at < _GLANCE_S:
            return False
        self._glanced_at = now
        return is_awaited(self._read(), within=self._round, most=self._most)

    def leave(self) -> bool:
        """Have nobody wait for this worker. Returns whether others are left."""
        self._ended.set()
        left = self._change(lambda roster: without(roster, self._me))
        return any(map(self._is_alive, (*left.members, *left.present)))

    def end(self) -> None:
        """Tell those who may still come that the run is over."""
        self._change(lambda roster: msgspec.structs.replace(roster, is_over=True))

    def _came(self, roster: Roster) -> Roster:
        """The roster with this worker present, or the round that begins with that."""
        if roster.is_over or (roster.round > self._round and self._me in roster.members):
            return roster
        present, now = with_present(roster, self._me, now=time.time()), time.time()
        begun = next_round(present, is_alive=self._is_alive, fewest=self._fewest, most=self._most, now=now)
        return begun or present

    def _change(self, change: Callable[[Roster], Roster]) -> Roster:
        """Apply a change to the roster as it is; again when another worker was faster."""
        while True:
            found = self._read()
            wanted = change(found)
            if wanted == found:
                return found
            if self._store.compare_set(_ROSTER, _encoded(found), _encoded(wanted)).decode() == _encoded(wanted):
                return wanted

    def _read(self) -> Roster:
        return msgspec.json.decode(self._store.get(_ROSTER), type=Roster)

    def _lost(self) -> str:
        """Why waiting for what the others of the round leave in the store is vain."""
        dead = [member.name for member in self._read().members if not self._is_alive(member)]
        return f"{', '.join(dead)} died" if dead else ""

    def _is_alive(self, member: Member) -> bool:
        if member == self._me:
            return True
        if member.host == self._me.host:
            return _runs_here(member)
        key = _beat_of(member)
        return self._store.check([key]) and time.time() - float(self._store.get(key)) < _SILENCE_S

    def _beat(self) -> None:
        while not self._ended.is_set():
            self._store.set(_beat_of(self._me), str(time.time()))
            self._ended.wait(_BEAT_S)


def this_process() -> Member:
    """born is what the kernel says, so that a number that is given again is not taken for the one who had it."""
    return Member(host=socket.gethostname(), process=os.getpid(), born=psutil.Process().create_time())


def _runs_here(member: Member) -> bool:
    try:
        process = psutil.Process(member.process)
        same = abs(process.create_time() - member.born) < _CLOCK_MOVES_S
        # one that was stopped keeps the others waiting as a dead one would; if it wakes, it comes as a newcomer
        return same and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return False


def _beat_of(member: Member) -> str:
    return f"beat/{member.name}"


def _encoded(roster: Roster) -> str:
    return msgspec.json.encode(roster).decode()
