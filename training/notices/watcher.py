"""The thread that asks a source until it tells to leave, and hands on what it says."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from training.notices.source import NoAnswerError, Source
from training.preempt import Preemption

_SILENCES = 3
"""Looks in a row without an answer before it is said; and the end of looking where there never was one."""


def tell(line: str) -> None:
    """In one write, so that lines of several processes do not mix; any of them may be the one that is told."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def watching(
    source: Source | None, preemption: Preemption, *, say: Callable[[str], None] = tell
) -> Iterator[threading.Thread | None]:
    """Ask `source` for as long as the block runs; None is nobody to ask. say: given each notice, and a lasting silence.

    The thread is not waited for at the end: its last look may still hang, and a process that leaves has no time.
    """
    if source is None:
        yield None
        return
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(source, preemption, say, over), name="notices", daemon=True)
    watcher.start()
    try:
        yield watcher
    finally:
        over.set()


def _watch(source: Source, preemption: Preemption, say: Callable[[str], None], over: threading.Event) -> None:
    silences, answered, told = 0, False, ""
    while not over.is_set():
        try:
            notice = source.look()
        except NoAnswerError as error:
            silences += 1
            if silences == _SILENCES:
                say(f"{source.name} gives no notices ({error}); signals are heeded")
                if not answered:
                    return
        else:
            silences, answered = 0, True
            if notice is not None and notice.said != told:
                told = notice.said
                preemption.heed(notice)
                say(notice.said)
                if notice.leaves:
                    return
        over.wait(source.pause_s)
