"""Ends a job whose GPUs do nothing: they cost as much as when they work."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

_LOOK_S = 30.0
_ANSWER_WITHIN_S = 10.0
_NOTHING_PERCENT = 1


def own_gpus() -> frozenset[str]:
    """The GPUs that this process may use: the others of the machine work for others."""
    return frozenset(str(torch.cuda.get_device_properties(at).uuid) for at in range(torch.cuda.device_count()))


def busiest(said: str, own: frozenset[str]) -> int | None:
    """Of these GPUs, by what nvidia-smi said in lines of identity and per cent; None when it did not say.

    Raises ValueError for lines of another form.
    """
    lines = (line.split(",") for line in said.splitlines())
    return max((int(percent) for gpu, percent in lines if gpu.strip().removeprefix("GPU-") in own), default=None)


def busy_percent(own: frozenset[str]) -> int | None:
    """How busy the busiest of these GPUs was just now, or None where nothing can tell."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    asked = [tool, "--query-gpu=uuid,utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=_ANSWER_WITHIN_S, check=True).stdout
        return busiest(said, own)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


class IdleTime:
    """How long nothing was done, by what each look saw. Pure: it is given the seconds between looks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def see(self, percent: int | None, *, after_s: float) -> float:
        """Seconds of idleness so far. What cannot be told is taken for work."""
        is_idle = percent is not None and percent < _NOTHING_PERCENT
        self.seconds = self.seconds + after_s if is_idle else 0.0
        return self.seconds


@contextmanager
def idleness_ends(
    minutes: float,
    end: Callable[[str], None],
    *,
    look: Callable[[], int | None],
    look_s: float = _LOOK_S,
) -> Iterator[None]:
    """Call `end` with the reason once the GPUs have been idle so long while the block runs; 0 is never."""
    if not minutes or look() is None:
        yield
        return
    done, idle = threading.Event(), IdleTime()

    def watch() -> None:
        while not done.wait(look_s):
            if idle.see(look(), after_s=look_s) >= minutes * 60:
                end(f"the GPUs have done nothing for {minutes:g} minutes")
                return

    thread = threading.Thread(target=watch, name="idle", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
