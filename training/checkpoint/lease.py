"""Whose a run's checkpoints on a bucket are: two jobs of equal settings would have one place there, and the first to
end would clear the other's. On this machine the launcher locks the work folder, and nothing here is asked.

The place holds the name of its job, put there under the condition that nobody else has put one, and put again every
half minute. A job that finds another's name looks on for a while: where that is put again, the newcomer is refused;
where it is not, its job has ended or waits, and the place is taken over. No clock is compared with another machine's.
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
    """by: the job. nonce: another at each renewal, so that it can be seen."""

    by: str
    nonce: str


class LostError(Exception):
    """Another job has taken the place over. Its text says which."""


class Lease:
    """On the place that `store` is opened at. owner: the job; a process of the same job takes its lease up at once."""

    def __init__(self, store: ObjectStore, *, owner: str, place: str) -> None:
        self._store, self._owner, self._place = store, owner, place
        self._version: Any = None

    def take(self, *, look_s: float = _STALE_S / 20, sleep: Callable[[float], None] = time.sleep) -> None:
        """Blocks for up to two minutes where another job has been. Raises TrainingError when that job is alive."""
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
            seen = held.nonce
            sleep(look_s)
            looked_s += look_s

    def renew(self) -> None:
        """Raises LostError when another job has it. A store that does not answer is asked again the next time."""
        try:
            self._put(self._version)
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            found = self._found()
            if found is None or found[0].by != self._owner:
                raise LostError(found[0].by if found else "nobody") from None
            self._version = found[1]  # its answer to a renewal was lost on the way
        except BaseError:
            return

    def give_back(self) -> None:
        with suppress(BaseError, FileNotFoundError):
            obstore.delete(self._store, NAME)

    def _put(self, condition: Any) -> None:
        held = msgspec.json.encode(_Held(by=self._owner, nonce=secrets.token_hex(8)))
        made = obstore.put(self._store, NAME, held, mode=condition)
        self._version = _version(made["e_tag"], made["version"])

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
    folder: Path, url: str, *, leads: bool, lost: Callable[[str], None], environment: Mapping[str, str] = os.environ
) -> Iterator[Lease | None]:
    """The lease on a run's checkpoints while the block runs: for the process that leads, and on a bucket; else None.

    Given back when the run is done, or stopped after a checkpoint, as a job is that moves; else it stays behind for the
    job's next process. lost: told, by a thread, who took it.
    """
    url = url or environment.get(CHECKPOINTS, "")
    if not leads or urlparse(url).scheme in ("", "file"):
        yield None
        return
    place = f"{url.rstrip('/')}/{folder.name}"
    lease = Lease(open_store(place), owner=environment.get(_JOB) or f"{socket.gethostname()}:{folder}", place=place)
    try:
        lease.take()
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
        if ended:
            lease.give_back()
