"""Ends a worker whose exchange with others hangs, and names who holds it up: nothing else would, on a GPU for hours.

A thread looks; the main one cannot, since it hangs. The process goes with the code that says "start me again": the
launcher ends the others and all go on from the newest checkpoint.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from training.observe.beats import Beats, holding_up
from training.observe.observer import Observer
from training.preempt import EXIT_PREEMPTED

_LOOK_S = 5.0


@contextmanager
def watched(
    observer: Observer,
    *,
    hung_after_s: float,
    beats: Beats,
    end: Callable[[str], None],
) -> Iterator[None]:
    """Look after the observed process while the block runs. hung_after_s: in one phase, or 0 for not at all.

    end: given in words what holds it up; it does not return, except in tests.
    """
    if not hung_after_s:
        yield
        return
    done = threading.Event()
    look_s = min(_LOOK_S, hung_after_s / 4)

    def look() -> None:
        while not done.wait(look_s):
            for_s = time.monotonic() - observer.since
            if observer.workers > 1:  # a newcomer has no rank of its own yet
                beats.leave(observer.rank, step=observer.step, turn=observer.turn, phase=observer.doing, for_s=for_s)
            if for_s > hung_after_s and observer.doing != "meet":  # others may come tomorrow
                end(_said(observer, beats, for_s=for_s, silent_s=max(3 * look_s, hung_after_s / 2)))
                return

    thread = threading.Thread(target=look, name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def end_process(said: str, *, before: Callable[[str], None]) -> None:
    """Say it, show where every thread of this process stands, and end it. before: done first; must not block."""
    before(said)
    print(said, file=sys.stderr, flush=True)
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_PREEMPTED)


def _said(observer: Observer, beats: Beats, *, for_s: float, silent_s: float) -> str:
    stands = f"in {observer.doing!r} after step {observer.step}"
    here = f"nothing has moved for {for_s:.0f} s on worker {observer.rank}, {stands}"
    if observer.workers == 1:
        return here
    heard = beats.all(observer.workers)
    if heard is None:
        return f"{here}: worker 0 holds the others up: the store on its machine, where they met, does not answer"
    suspects = holding_up(heard, workers=observer.workers, now=time.time(), silent_s=silent_s)
    culprits = "; ".join(f"worker {suspect.rank} holds the others up: {suspect.why}" for suspect in suspects)
    unknown = "all workers stand at the same point, so their exchange itself hangs" if heard else "no beats can be read"
    return f"{here}: {culprits or unknown}"
