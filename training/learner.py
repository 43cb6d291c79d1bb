"""The model under training: its replicas in step, its optimizer, precision, and the moving average that is judged."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from slipway.errors import TrainingError
from training.config import Recipe
from training.data import derive_seed
from training.mesh import Mesh
from training.task import Split, Task

Weights = dict[str, Tensor]

_ROWS_JUDGED_AT_ONCE = 8192  # bounds the memory of a judgement, whatever the size of the split


class Learner:
    """Takes steps and gives answers. What a step draws at random depends on seed, step and rank alone, so that a run
    that resumes draws what it would have drawn."""

    def __init__(self, task: Task, recipe: Recipe, *, seed: int, bf16: bool, mesh: Mesh) -> None:
        self._task, self._recipe, self._seed, self._bf16, self._mesh = task, recipe, seed, bf16, mesh
        draw_from(mesh, derive_seed(seed, "model"))
        self._model = task.model().to(mesh.device)
        self._replica = self._model if mesh.size == 1 else DistributedDataParallel(self._model)
        self._average = (
            AveragedModel(self._model, multi_avg_fn=get_ema_multi_avg_fn(recipe.average)) if recipe.average else None
        )
        self._optimizer = torch.optim.AdamW(
            self._model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )

    @property
    def judged(self) -> nn.Module:
        """The module whose answers count: the moving average where there is one."""
        return self._average.module if self._average else self._model

    def learn(self, batch: Split, *, step: int, rate: float) -> Tensor:
        """One step on this process' share of a batch; the loss of the share, left on the device."""
        draw_from(self._mesh, derive_seed(self._seed, "step", step, self._mesh.rank))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._replica.train()
        self._optimizer.zero_grad()
        with self._precision():
            loss = self._task.loss(self._replica(**batch.inputs), batch.targets)
        loss.backward()
        self._optimizer.step()
        if self._average:
            self._average.update_parameters(self._model)
        return loss.detach()

    @torch.inference_mode()
    def answer(self, split: Split) -> Tensor:
        """Answers for a whole split, on the CPU of every process; each computes its share."""
        self.judged.eval()
        share = self._mesh.share(len(split))
        starts = range(share.start, share.stop, _ROWS_JUDGED_AT_ONCE)
        parts = [self._answer(split.rows(slice(at, min(at + _ROWS_JUDGED_AT_ONCE, share.stop)))) for at in starts]
        return self._mesh.join(torch.cat(parts), len(split))

    def weights(self) -> Weights:
        """A copy of the judged weights, which later steps leave as it is."""
        return {name: tensor.detach().clone() for name, tensor in self.judged.state_dict().items()}

    def restore(self, weights: Weights) -> None:
        """Judge these weights from now on."""
        self.judged.load_state_dict(weights)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {
            "model": self._model.state_dict(),
            "average": self._average.state_dict() if self._average else {},
            "optimizer": self._optimizer.state_dict(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Raises TrainingError when the state is of another model."""
        try:
            self._model.load_state_dict(state["model"])
            self._optimizer.load_state_dict(state["optimizer"])
            if self._average:
                self._average.load_state_dict(state["average"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise TrainingError(
                f"the checkpoint does not fit the model of task {self._task.name!r}: {error}",
                hint="change the task's `version` when its model changes, and the run starts anew",
            ) from error

    def _answer(self, rows: Split) -> Tensor:
        return self._task.answer(self.judged(**rows.inputs))  # in fp32, as it will be served

    def _precision(self) -> torch.autocast | nullcontext[None]:
        return torch.autocast("cuda", torch.bfloat16) if self._bf16 else nullcontext()


def use_bf16(precision: str, device: torch.device) -> bool:
    """Whether to compute in bf16: where it is faster, which is on a GPU that has it.

    Raises TrainingError when settings demand it of a device without it.
    """
    able = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "bf16" and not able:
        raise TrainingError(
            f"precision bf16 gains nothing on {device.type}: it has no units for it",
            hint="set training.precision to auto or fp32",
        )
    return able and precision != "fp32"


def draw_from(mesh: Mesh, seed: int) -> None:
    """Seed this process' generators; `torch.manual_seed` does the same a hundred times slower."""
    torch.default_generator.manual_seed(seed)
    if mesh.device.type == "cuda":
        torch.cuda.manual_seed(seed)
