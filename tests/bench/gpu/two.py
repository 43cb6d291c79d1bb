"""What two GPUs of one machine reach together, over NCCL: scaling beside plain DDP, tensor and pipeline parallel.

    python -m tests.bench.gpu.two [--size 1b] [--rows 16]     rows: of each GPU
    python -m tests.bench.gpu.two --on-cpu                    a tiny size over gloo, to see that this runs: no figures

Scaling is what both GPUs do together with so many rows each, over twice what one does alone with as many. A tensor
group and a pipeline take `rows` together, as one replica of a model.
"""

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel

from tests.bench.gpu.plain import PlainDecoder
from tests.bench.gpu.rivals import STEPS, WARM_UP
from training.config import MeshSettings, ParallelSettings
from training.learner import Learner
from training.mesh import Mesh, arranged
from training.task import Split
from training.tasks.lm import LanguageModel
from training.tasks.lm.shape import SIZES, Shape

SCALING_BAR = 0.97
ROWS = 16
_SIZE = "1b"
_RATE = 3e-4
_TINY = Shape(layers=2, width=32, heads=4, kv_heads=4, hidden=64, context=16)
_SCHEMES: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "DDP": ({}, {}),
    "FSDP2": ({"shard": 2}, {}),
    "TP=2": ({"tensor": 2}, {}),
    "PP=2": ({"pipeline": 2}, {"microbatches": 4}),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gpu.two", description=__doc__)
    parser.add_argument("--size", default=_SIZE, choices=SIZES)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--on-cpu", action="store_true")
    asked = parser.parse_args()
    if asked.on_cpu:
        run(_TINY, rows=4, on_cpu=True)
    else:
        section(SIZES[asked.size], rows=asked.rows)
    return 0


def section(shape: Shape = SIZES[_SIZE], *, rows: int = ROWS) -> None:
    """On the first two GPUs; says so where there are fewer."""
    if torch.cuda.device_count() < 2:
        print(f"left out: needs two GPUs of one machine, and there are {torch.cuda.device_count()}", flush=True)
        return
    run(shape, rows=rows)


def run(shape: Shape, *, rows: int, on_cpu: bool = False) -> None:
    """Blocks until both processes have ended. Raises what the first that failed has raised."""
    with tempfile.TemporaryDirectory(prefix="slipway-two-") as folder:
        spawn(_work, (folder, shape, rows, on_cpu), nprocs=2)


def _work(rank: int, folder: str, shape: Shape, rows: int, on_cpu: bool) -> None:
    for of in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        os.environ.setdefault(of, "lo")
    device = torch.device("cpu") if on_cpu else torch.device("cuda", rank)
    if not on_cpu:
        torch.cuda.set_device(device)
    dist.init_process_group(
        "gloo" if on_cpu else "cpu:gloo,cuda:nccl",
        init_method=(Path(folder) / "meeting").as_uri(),
        rank=rank,
        world_size=2,
        device_id=None if on_cpu else device,
    )
    measure = _Measure(shape, rows, rank=rank, device=device)
    plain_alone = measure.plain("plain, one GPU", together=False)
    measure.plain("plain DDP", together=True, beside=plain_alone)
    alone = measure.ours("one GPU", Mesh(rank=0, size=1, device=device), {})
    for name, (mesh, parallel) in _SCHEMES.items():
        stands = arranged(rank=rank, size=2, device=device, settings=MeshSettings(**mesh))
        reached = measure.ours(name, stands, parallel, beside=alone if stands.data_size == 2 else 0.0)
        if stands.data_size == 2 and rank == 0 and not on_cpu:
            share = reached / alone / 2
            print(f"  scaling of {name}: {share:.3f}, bar {SCALING_BAR}: {_met(share >= SCALING_BAR)}", flush=True)
    dist.barrier()
    dist.destroy_process_group()


class _Measure:
    """rows: of each process, where they do not share them. Each measure blocks until both processes have taken it."""

    def __init__(self, shape: Shape, rows: int, *, rank: int, device: torch.device) -> None:
        self._shape, self._rows, self._rank, self._device = shape, rows, rank, device
        self._on_gpu = device.type == "cuda"
        generator = torch.Generator(device).manual_seed(rank)
        self._tokens = torch.randint(shape.vocabulary, (rows, shape.context + 1), device=device, generator=generator)

    def ours(self, label: str, mesh: Mesh, parallel: dict[str, int], *, beside: float = 0.0) -> float:
        """Tokens per second of all that the mesh holds. beside: of one process alone."""
        task = LanguageModel(self._shape)
        settings = ParallelSettings.model_validate({"compile": self._on_gpu, "deterministic": False, **parallel})
        learner = Learner(task, task.recipe, seed=0, mesh=mesh, bf16=self._on_gpu, parallel=settings)
        tokens = self._tokens
        if mesh.is_spread and mesh.data_size == 1:
            dist.broadcast(tokens, 0)  # a tensor group and a pipeline take the same rows
        rows = Split(inputs={"tokens": tokens[:, :-1].contiguous()}, targets=tokens[:, 1:].contiguous())
        seconds = self._timed(lambda: learner.learn(rows, step=0, rate=_RATE))
        return self._said(label, seconds, processes=mesh.data_size, beside=beside)

    def plain(self, label: str, *, together: bool, beside: float = 0.0) -> float:
        """The plain decoder: each process its own or, `together`, replicas by DDP as its documentation shows it."""
        with self._device:
            model = PlainDecoder(self._shape)
        replicated = DistributedDataParallel(model) if together else model
        called = torch.compile(replicated, dynamic=False) if self._on_gpu else replicated
        optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.1, fused=self._on_gpu)
        tokens, targets = self._tokens[:, :-1].contiguous(), self._tokens[:, 1:].contiguous()

        def step() -> None:
            optimizer.zero_grad()
            with torch.autocast(self._device.type, torch.bfloat16, enabled=self._on_gpu):
                loss = called(tokens, targets)
            loss.backward()
            optimizer.step()

        return self._said(label, self._timed(step), processes=1 + together, beside=beside)

    def _said(self, label: str, seconds: float, *, processes: int, beside: float) -> float:
        per_s = processes * self._rows * self._shape.context / seconds
        share = f"  {per_s / beside / 2:.3f} of twice one" if beside else ""
        if self._rank == 0:
            print(f"{label:14} {per_s:10,.0f} tokens/s  {seconds * 1e3:7.1f} ms a step{share}", flush=True)
        torch._dynamo.reset()
        gc.collect()
        torch.cuda.empty_cache()
        return per_s

    def _timed(self, step: Callable[[], object]) -> float:
        """Mean seconds of a step, from when both processes begin together."""
        for _ in range(WARM_UP):
            step()
        self._settle()
        dist.barrier()
        began = time.perf_counter()
        for _ in range(STEPS):
            step()
        self._settle()
        return (time.perf_counter() - began) / STEPS

    def _settle(self) -> None:
        if self._on_gpu:
            torch.cuda.synchronize()


def _met(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
