"""The plain decoder trained by plain PyTorch, by Accelerate and by Lightning: each as its documentation shows it.

Each function returns the mean seconds of a step, of `STEPS` after `WARM_UP`, on the same batch, which is on the device.
"""

import time
from typing import Any

import torch
from torch import Tensor

from tests.bench.gpu.plain import PlainDecoder
from training.tasks.lm.shape import Shape

WARM_UP, STEPS = 4, 12
Batch = tuple[Tensor, Tensor]


def plain(shape: Shape, batch: Batch) -> float:
    with torch.device("cuda"):
        model = PlainDecoder(shape)
    compiled = torch.compile(model, dynamic=False)
    optimizer = _optimizer(model)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cuda", torch.bfloat16):
            loss = compiled(*batch)
        loss.backward()
        optimizer.step()

    return timed(step)


def by_accelerate(shape: Shape, batch: Batch) -> float:
    from accelerate import Accelerator  # pyright: ignore[reportMissingImports] - on the machine that has the GPU

    accelerator = Accelerator(mixed_precision="bf16")
    with torch.device("cuda"):
        model = PlainDecoder(shape)
    compiled, optimizer = accelerator.prepare(torch.compile(model, dynamic=False), _optimizer(model))

    def step() -> None:
        optimizer.zero_grad()
        accelerator.backward(compiled(*batch))
        optimizer.step()

    return timed(step)


def by_lightning(shape: Shape, batch: Batch) -> float:
    import lightning  # pyright: ignore[reportMissingImports] - on the machine that has the GPU

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            with torch.device("cuda"):
                self.model = PlainDecoder(shape)
            self.compiled = torch.compile(self.model, dynamic=False)

        def training_step(self, given: Batch, _index: int) -> Tensor:
            return self.compiled(*given)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return _optimizer(self.model)

    class Watch(lightning.Callback):
        started = ended = 0.0

        def on_train_batch_end(self, _trainer: Any, _module: Any, _outputs: Any, _batch: Any, index: int) -> None:
            if index == WARM_UP - 1:
                torch.cuda.synchronize()
                self.started = time.perf_counter()
            if index == WARM_UP + STEPS - 1:
                torch.cuda.synchronize()
                self.ended = time.perf_counter()

    watch = Watch()
    trainer = lightning.Trainer(
        accelerator="gpu",
        devices=1,
        precision="bf16-mixed",
        max_steps=WARM_UP + STEPS,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[watch],
    )
    trainer.fit(Module(), torch.utils.data.DataLoader([batch] * (WARM_UP + STEPS), batch_size=None))  # pyright: ignore
    return (watch.ended - watch.started) / STEPS


def timed(step: Any) -> float:
    """Mean seconds of a step, by the device's own clock."""
    for _ in range(WARM_UP):
        step()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(STEPS):
        step()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3 / STEPS


def _optimizer(model: torch.nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.1, fused=True)
