"""A trace of a few steps, which Perfetto (ui.perfetto.dev) and chrome://tracing open."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile, schedule

_WARM, _TRACED = 10, 3
"""Steps that are let pass, so that compilation and first allocations are over; and steps that are traced."""


@contextmanager
def profiled(folder: Path | None, *, rank: int, said: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Gives what to call after each step. folder: for `rank-<n>.json.gz`; None traces nothing."""
    if folder is None:
        yield lambda: None
        return
    file = folder / f"rank-{rank}.json.gz"
    folder.mkdir(parents=True, exist_ok=True)

    is_written = False

    def written(profiler: profile) -> None:
        nonlocal is_written
        is_written = True
        profiler.export_chrome_trace(str(file))
        said(f"trace of {_TRACED} steps in {file}; open it at ui.perfetto.dev")

    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * torch.cuda.is_available()
    plan = schedule(wait=_WARM - 1, warmup=1, active=_TRACED, repeat=1)
    with profile(activities=activities, schedule=plan, on_trace_ready=written) as profiler:
        yield profiler.step
    if not is_written:
        said(f"no trace was written: this start took no step beyond the first {_WARM}, which are let pass")
