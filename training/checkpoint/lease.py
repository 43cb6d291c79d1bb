"""Whose a run's checkpoints on a bucket are: two jobs of equal settings would have one place there, and the first to
end would clear the other's. On this machine the launcher locks the work folder, and nothing here is asked.

The place holds the name of its job, put there under the condition that nobody else has put one, and put again every
half minute. A job that finds another's name looks on for a while: where that is put again, the newcomer is refused;
where it is not, its job has ended or waits, and the place is taken over. No clock is compared with another machine's.

An elastic run takes no lease, since who leads it changes: two machines that train one with equal settings still clear
each other's checkpoints on a bucket.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import msgspec
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import ObjectStore

from slipway.errors import TrainingError
from slipway.store import open_store
from training.checkpoint.storage import CHECKPOINTS
from training.preempt import Orphaned, Preempted

NAME = "held-by.json"
_RENEW_S, _STALE_S = 30.0, 120.0
_JOB = "JOB_NAME"
"""Set in a pod, and the same in the one that takes its place (infra/kubernetes/job.py)."""


class _Held(msgspec.Struct):
    """by: the job. process: which of its processes. nonce: another at each renewal, so that it can be seen."""

    by: str
    process: str
    nonce: str


class LostError(Exception):
    """Another job has taken the place over, or another process of the same one. Its text says which."""


class Lease:
    """On the place that `store` is opened at. owner: the job; a process of the same job takes its lease up at once."""

    def __init__(self, store: ObjectStore, *, owner: str, place: str) -> None:
        self._store, self._owner, self._place = store, owner, place
        self._process = secrets.token_hex(8)
        self._version: Any = None

    def take(
        self,
        *,
        look_s: float = _STALE_S / 20,
        sleep: Callable[[float], None] = time.sleep,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Blocks for up to two minutes where another job has been, and says so. Raises TrainingError when that job is
        alive."""
        looked_s, seen = 0.0, None
        while True:
            found = self._found()
            if found is None or found[0].by == self._owner or looked_s >= _STALE_S:
                with suppress(AlreadyExistsError, PreconditionError):  # another was faster: look again
                    self._put("create" if found is None else found[1])
                    return
                looked_s, seen = 0.0, None
                continue
            held, _ = found
            if seen not in (None, held.nonce):
                raise TrainingError(
                    f"the job {held.by} trains with the same settings, and its checkpoints lie in {self._place}",
                    hint="wait for it or end it, or give this one another training.seed or training.checkpoint.url",
                )
            if seen is None:
                say(f"{self._place} has the name of the job {held.by}: looking for two minutes whether that still runs")
            seen = held.nonce
            sleep(look_s)
            looked_s += look_s

    def renew(self) -> None:
        """Raises LostError when another has it. A store that does not answer is asked again the next time."""
        try:
            try:
                self._put(self._version)
            except (AlreadyExistsError, PreconditionError, FileNotFoundError):
                self._look_whose()
        except (BaseError, OSError):
            return

    def is_kept(self) -> bool:
        """Whether nobody has taken it over, as far as the store answers. To be asked before anything is deleted: this
        process may have been frozen for long, and what lies there be another's."""
        try:
            self.renew()
        except LostError:
            return False
        return True

    def give_back(self) -> None:
        with suppress(BaseError, FileNotFoundError):
            obstore.delete(self._store, NAME)

    def _put(self, condition: Any) -> None:
        held = msgspec.json.encode(_Held(by=self._owner, process=self._process, nonce=secrets.token_hex(8)))
        made = obstore.put(self._store, NAME, held, mode=condition)
        self._version = _version(made["e_tag"], made["version"])

    def _look_whose(self) -> None:
        """A name that is gone is put again. One of this very process stands for a renewal whose answer was lost; its
        job's name is not enough, for a pod that is cut off lives on beside the one in its place."""
        found = self._found()
        if found is None:
            self._put("create")
        elif found[0].process == self._process:
            self._version = found[1]
        else:
            by = found[0].by
            raise LostError(f"another process of the job {by}" if by == self._owner else f"the job {by}") from None

    def _found(self) -> tuple[_Held, Any] | None:
        try:
            got = obstore.get(self._store, NAME)
        except FileNotFoundError:
            return None
        return msgspec.json.decode(bytes(got.bytes()), type=_Held), _version(got.meta["e_tag"], got.meta["version"])


def _version(e_tag: str | None, version: str | None) -> Any:
    """Of an object, as a condition on the next put: S3 goes by the tag, Google by the version."""
    return {name: value for name, value in (("e_tag", e_tag), ("version", version)) if value is not None}


@contextmanager
def held(
    folder: Path,
    url: str,
    *,
    leads: bool,
    meet: Callable[[], object],
    lost: Callable[[str], None],
    say: Callable[[str], None],
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Lease | None]:
    """The lease on a run's checkpoints while the block runs: for the process that leads, and on a bucket; else None.

    Given back when the run is done, or stopped after a checkpoint, as a job is that moves; else it stays behind for the
    job's next process. meet: blocks until all processes are there; the others wait in it, before anything is watched
    that must not take long. lost: told, by a thread, who took it. say: told whom it waits for.
    """
    url = url or environment.get(CHECKPOINTS, "")
    if urlparse(url).scheme in ("", "file"):
        yield None
        return
    if not leads:
        meet()
        yield None
        return
    place = f"{url.rstrip('/')}/{folder.name}"
    lease = Lease(open_store(place), owner=environment.get(_JOB) or f"{socket.gethostname()}:{folder}", place=place)
    try:
        lease.take(say=say)
    except (BaseError, OSError) as error:
        raise TrainingError(
            f"{place} cannot be held: {error}", hint="the job's role must read and write there"
        ) from error
    done = threading.Event()

    def keep() -> None:
        while not done.wait(_RENEW_S):
            try:
                lease.renew()
            except LostError as error:
                lost(str(error))
                return

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    ended = False
    try:
        meet()  # renewed all the while, for another may still read its data
        yield lease
        ended = True
    except Orphaned:
        raise
    except Preempted:
        ended = True
        raise
    finally:
        done.set()
        thread.join()  # before it is given back, which a renewal would take for a loss
        if ended and lease.is_kept():
            lease.give_back()
