"""`make bench-gpu`: the decoder's training beside plain compiled PyTorch, Lightning and Accelerate, on one GPU; what
checkpoints cost it; and what two GPUs reach together.

    python -m tests.bench.gpu            all
    python -m tests.bench.gpu 1b fp8     these

Needs a GPU with 100 GB for the larger sizes, and 40 GB of disk for checkpoints; rivals that are not installed are left
out, and so are fp8 without torchao and `two` on one GPU.
"""

import argparse
import gc
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import torch

from tests.bench.gpu import ours, rivals, two
from training.speed import peak_flops
from training.tasks.lm.shape import SIZES, Shape

_LOSS_STEPS, _LOSS_ROWS = 200, 8
_CHECKPOINTS_BYTES = 40e9  # two of 15 GB, and one that is on its way out


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gpu", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*_SECTIONS, []], metavar="section", help=", ".join(_SECTIONS))
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        print("left out: no GPU here")
        return 0
    libraries = (f"{name} {_version(name)}" for name in ("torch", "triton", "torchao", "lightning", "accelerate"))
    print(torch.cuda.get_device_name(), "·", " · ".join(libraries), flush=True)
    for name in asked.names or _SECTIONS:
        print(f"\n== {name}", flush=True)
        _SECTIONS[name]()
    return 0


def _section_1b() -> None:
    shape, rows = SIZES["1b"], 24
    best = _measure("slipway", shape, rows, ours.ours)
    _bar("MFU", _mfu(best, shape), 0.60)
    _measure("plain PyTorch", shape, rows, rivals.plain)
    others = [
        _measure("Lightning", shape, rows, rivals.by_lightning),
        _measure("Accelerate", shape, rows, rivals.by_accelerate),
    ]
    if any(others):
        _bar("times the faster of Lightning and Accelerate", best / max(others), 1.1)


def _section_124m() -> None:
    shape, rows = SIZES["124m"], 192
    _bar("tokens/s", _measure("slipway", shape, rows, ours.ours), 600_000)
    _measure("plain PyTorch", shape, rows, rivals.plain)


def _section_fp8() -> None:
    for size, rows in (("1b", 24), ("3b", 12)):
        whole = _measure(f"{size} bf16", SIZES[size], rows, ours.ours)
        eighth = _measure(f"{size} fp8", SIZES[size], rows, lambda shape, batch: ours.ours(shape, batch, fp8=True))
        _bar(f"fp8 over bf16, {size}", eighth / whole, 1.25)


def _section_fp8_loss() -> None:
    """The mean over the last tenth of the steps: single steps differ by the difficulty of their rows."""
    ends = []
    for fp8 in (False, True):
        seen = ours.losses(SIZES["1b"], steps=_LOSS_STEPS, rows=_LOSS_ROWS, fp8=fp8)
        ends.append(seen[-_LOSS_STEPS // 10 :].mean().item())
        print(
            f"{'fp8' if fp8 else 'bf16'}: mean of the last tenth {ends[-1]:.4f}, last step {seen[-1]:.4f}", flush=True
        )
        _clear()
    _bar("share of the loss that fp8 differs by, at most", abs(ends[1] / ends[0] - 1), 0.01, most=True)


def _section_checkpoints() -> None:
    """In processes of their own, since one of them measures its start."""
    with tempfile.TemporaryDirectory(prefix="slipway-checkpoints-") as folder:
        if shutil.disk_usage(folder).free < _CHECKPOINTS_BYTES:
            print(f"left out: {folder} has less than {_CHECKPOINTS_BYTES / 1e9:.0f} GB of room; TMPDIR names another")
            return
        subprocess.run([sys.executable, "-m", "tests.bench.gpu.checkpoints", folder], check=False)


_SECTIONS: dict[str, Callable[[], None]] = {
    "1b": _section_1b,
    "124m": _section_124m,
    "fp8": _section_fp8,
    "fp8-loss": _section_fp8_loss,
    "checkpoints": _section_checkpoints,
    "two": two.section,
}


def _measure(label: str, shape: Shape, rows: int, run: Callable[[Shape, rivals.Batch], float]) -> float:
    """Tokens per second; 0 where the rival is not installed."""
    generator = torch.Generator("cuda").manual_seed(0)
    tokens = torch.randint(shape.vocabulary, (rows, shape.context + 1), device="cuda", generator=generator)
    torch.cuda.reset_peak_memory_stats()
    try:
        seconds = run(shape, (tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()))
    except ImportError as error:
        print(f"{label:14} left out: {error}", flush=True)
        return 0.0
    per_s = rows * shape.context / seconds
    mfu = _mfu(per_s, shape)
    memory_gb = torch.cuda.max_memory_allocated() / 1e9
    print(
        f"{label:14} {per_s:10,.0f} tokens/s  MFU {mfu:.3f}  {seconds * 1e3:7.1f} ms a step  {memory_gb:5.1f} GB",
        flush=True,
    )
    _clear()
    return per_s


def _mfu(tokens_per_s: float, shape: Shape) -> float:
    """nan on a GPU whose peak is not known."""
    return tokens_per_s * shape.flops_per_token / (peak_flops(torch.device("cuda")) or float("nan"))


def _clear() -> None:
    torch._dynamo.reset()
    gc.collect()
    torch.cuda.empty_cache()


def _bar(what: str, figure: float, goal: float, *, most: bool = False) -> None:
    met = figure <= goal if most else figure >= goal
    print(f"  {what}: {figure:,.3f}, bar {goal:,}: {'met' if met else 'MISSED'}", flush=True)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


if __name__ == "__main__":
    sys.exit(main())
