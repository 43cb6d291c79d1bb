"""What checkpoints cost a decoder of 1.26B parameters on one GPU: 15 GB each, one every 100 steps.

    python -m tests.bench.gpu.checkpoints FOLDER [--size 1b] [--rows 24] [--every 100] [--saves 2]

FOLDER: on the disk to measure; needs room for two of them. Prints the share of time that training stood still, how long
after a notice the last checkpoint was durable, and how long a new process takes from its start to the end of its first
step without compilation. The same command with `--resume` is that process.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STARTED = time.monotonic()

import torch  # noqa: E402 - its import is part of what a start takes

from training.checkpoint import Checkpoints, Keep  # noqa: E402
from training.checkpoint.storage import Folder  # noqa: E402
from training.config import ParallelSettings  # noqa: E402
from training.learner import Learner  # noqa: E402
from training.mesh import Mesh  # noqa: E402
from training.task import Split  # noqa: E402
from training.tasks.lm import LanguageModel  # noqa: E402
from training.tasks.lm.shape import SIZES  # noqa: E402

_RATE = 3e-4
_WARM_UP = 5
_STALL_BAR, _NOTICE_BAR_S, _RESUME_BAR_S = 0.01, 10.0, 30.0


class Run:
    """The learner as it trains, without a task's data: one batch, again and again."""

    def __init__(self, asked: argparse.Namespace, *, compiled: bool) -> None:
        shape = SIZES[asked.size]
        task = LanguageModel(shape)
        cuda = torch.cuda.is_available()
        self.mesh = Mesh(rank=0, size=1, device=torch.device("cuda", 0) if cuda else torch.device("cpu"))
        settings = ParallelSettings(compile=compiled, deterministic=False)
        self.learner = Learner(task, task.recipe, seed=0, mesh=self.mesh, bf16=cuda, parallel=settings)
        self.checkpoints = Checkpoints(Folder(asked.folder), keep=Keep(last=1), device=self.mesh.device, warn=print)
        self.learner.before_change = self.checkpoints.hold
        tokens = torch.randint(shape.vocabulary, (asked.rows, shape.context + 1), device=self.mesh.device)
        self._batch = Split(inputs={"tokens": tokens[:, :-1].contiguous()}, targets=tokens[:, 1:].contiguous())
        self.step = 0

    def state(self) -> dict[str, Any]:
        return {"step": self.step, "learner": self.learner.state(still=True)}

    def steps(self, count: int) -> float:
        """Seconds for so many steps, until the last of them is done."""
        began = time.monotonic()
        for _ in range(count):
            self.learner.learn(self._batch, step=self.step, rate=_RATE)
            self.step += 1
        self.settle()
        return time.monotonic() - began

    def save(self) -> None:
        self.checkpoints.save(self.step, self.state(), mesh=self.mesh)

    def settle(self) -> None:
        if self.mesh.device.type == "cuda":
            torch.cuda.synchronize()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gpu.checkpoints", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="1b", choices=SIZES)
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--saves", type=int, default=2)
    parser.add_argument("--eager", action="store_true", help="do not compile")
    parser.add_argument("--resume", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.folder = asked.folder / "checkpoints"
    try:
        return _resumed(asked) if asked.resume else _trained(asked)
    finally:
        if not asked.resume:
            shutil.rmtree(asked.folder, ignore_errors=True)


def _trained(asked: argparse.Namespace) -> int:
    run = Run(asked, compiled=not asked.eager)
    print(_device(run), "· torch", torch.__version__, f"· {asked.size}, {asked.rows} rows", flush=True)
    began = time.monotonic()
    run.checkpoints.prepare(run.state(), mesh=run.mesh)
    print(f"planned in {time.monotonic() - began:.2f} s", flush=True)
    run.steps(_WARM_UP)

    undisturbed_s = run.steps(asked.every)
    disturbed_s, calls_s = [], run.checkpoints.stalled_s
    for _ in range(asked.saves):
        run.save()
        disturbed_s.append(run.steps(asked.every))
    calls_s = run.checkpoints.stalled_s - calls_s
    total_s = sum(disturbed_s)
    print(f"{asked.every} steps: {undisturbed_s:.2f} s without a save, {[round(each, 2) for each in disturbed_s]} with")
    print(f"  in save(): {calls_s / asked.saves * 1e3:.0f} ms a time")
    _bar("share of time lost to a save", max(0.0, total_s / asked.saves / undisturbed_s - 1), _STALL_BAR)

    noticed = time.monotonic()
    run.save()
    run.checkpoints.finish(mesh=run.mesh)
    took_s = time.monotonic() - noticed
    nbytes = sum(file.stat().st_size for file in asked.folder.glob("*/*"))
    print(f"{nbytes / 1e9:.1f} GB in {len(list(asked.folder.glob('*/*')))} files, {nbytes / took_s / 1e9:.1f} GB/s")
    _bar("seconds from a notice to a durable checkpoint", took_s, _NOTICE_BAR_S)

    del run
    torch.cuda.empty_cache()
    argv = [sys.executable, "-m", "tests.bench.gpu.checkpoints", *sys.argv[1:], "--resume"]
    return subprocess.run(argv, check=False).returncode


def _resumed(asked: argparse.Namespace) -> int:
    imported_s = time.monotonic() - STARTED
    run = Run(asked, compiled=False)
    run.settle()
    built_s = time.monotonic() - STARTED
    state = run.checkpoints.resume(lambda _: run.state(), mesh=run.mesh)
    if state is None:
        return 1
    run.learner.load(state["learner"])
    run.step = state["step"]
    run.settle()
    loaded_s = time.monotonic() - STARTED
    run.steps(1)
    print(f"imported by {imported_s:.1f} s, model made by {built_s:.1f} s, verified and loaded by {loaded_s:.1f} s")
    _bar("seconds from a start to the end of the first step", time.monotonic() - STARTED, _RESUME_BAR_S)
    return 0


def _device(run: Run) -> str:
    return torch.cuda.get_device_name() if run.mesh.device.type == "cuda" else "CPU"


def _bar(what: str, figure: float, goal: float) -> None:
    print(f"  {what}: {figure:.4g}, bar {goal:g}: {'met' if figure <= goal else 'MISSED'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
