"""Says that something slow is going on, and for how long: a spinner on a terminal, plain lines in a log."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_LINE_EVERY_S = 30.0


@contextlib.contextmanager
def showing(what: str) -> Iterator[None]:
    """On standard error, so that --json on standard output stays one document."""
    console = Console(stderr=True)
    if console.is_terminal:
        with Progress(SpinnerColumn(), TextColumn(what), TimeElapsedColumn(), console=console) as progress:
            progress.add_task(what)
            yield
        return
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(what, done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(what: str, done: threading.Event) -> None:
    started = time.monotonic()
    print(what, file=sys.stderr, flush=True)
    while not done.wait(_LINE_EVERY_S):
        print(f"  … {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
