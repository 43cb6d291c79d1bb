"""A step and answers of a model whose stages stand one behind the other: 1F1B, or interleaved with several a worker."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.pipelining import PipelineStage, Schedule1F1B, ScheduleInterleaved1F1B

from training.data import Portion
from training.mesh import Mesh
from training.parallel.build import Part
from training.task import Split

_MOST_DIMENSIONS = 8


class Pipeline:
    """Needs at least as many microbatches as stages to keep all of them busy."""

    def __init__(self, part: Part, *, mesh: Mesh, microbatches: int) -> None:
        assert mesh.grid is not None  # noqa: S101 - a pipeline is more than replicas
        self._part, self._mesh, self._group = part, mesh, mesh.grid.get_group("pipeline")
        count = mesh.pipeline * len(part.bare)
        stages = [
            PipelineStage(module, mesh.stage_rank + at * mesh.pipeline, count, mesh.device, group=self._group)
            for at, module in enumerate(part.wrapped)
        ]
        self._schedule = (
            Schedule1F1B(stages[0], microbatches, loss_fn=_given)
            if len(stages) == 1
            else ScheduleInterleaved1F1B([*stages], microbatches, loss_fn=_given)
        )
        self._ends = dist.get_process_group_ranks(self._group)

    def learn(
        self,
        batch: Split,
        portion: Portion,
        *,
        draw: Callable[[int], None],
        precision: Callable[[], AbstractContextManager[object]],
    ) -> Tensor:
        """Add the gradients of the mean loss of the batch; returns that loss on every stage. Its slices pass through
        the stages side by side, so they draw as one."""
        draw(portion.first)
        for module in self._part.wrapped:
            module.train()
        losses: list[Tensor] = []
        tokens = tuple(batch.inputs.values()) if self._is_first else ()
        with precision():
            if self._is_last:
                self._schedule.step(*tokens, target=batch.targets, losses=losses, targets=batch.targets)
            else:
                self._schedule.step(*tokens)
        loss = torch.stack([*losses]).mean().detach() if self._is_last else torch.zeros((), device=self._mesh.device)
        dist.broadcast(loss, self._ends[-1], group=self._group)
        return loss

    def answer(self, batch: Split) -> Tensor:
        """The last stage's answers; on the others something of the same shape."""
        for module in self._part.bare:
            module.eval()
        hidden = next(iter(batch.inputs.values()))
        for at in range(self._mesh.pipeline * len(self._part.bare)):
            owner, turn = at % self._mesh.pipeline, at // self._mesh.pipeline
            if self._mesh.stage_rank == owner:
                hidden = self._part.bare[turn](hidden)
            hidden = self._hand_on(hidden, self._ends[owner])
        return hidden

    @property
    def _is_first(self) -> bool:
        return self._mesh.stage_rank == 0

    @property
    def _is_last(self) -> bool:
        return self._mesh.stage_rank == self._mesh.pipeline - 1

    def _hand_on(self, hidden: Tensor, owner: int) -> Tensor:
        """To all stages: only the next needs it, but answers are rare, and all can then say what shape they have."""
        mine = dist.get_rank() == owner
        shape = torch.zeros(_MOST_DIMENSIONS, dtype=torch.int64, device=self._mesh.device)
        if mine:
            shape[: hidden.dim()] = torch.tensor(hidden.shape)
        dist.broadcast(shape, owner, group=self._group)
        sizes = [size for size in shape.tolist() if size]
        handed = hidden.float().contiguous() if mine else torch.empty(sizes, device=self._mesh.device)
        dist.broadcast(handed, owner, group=self._group)
        return handed


def _given(outputs: Tensor, _targets: Tensor) -> Tensor:
    """The last stage's output is the loss: it was given the targets."""
    return outputs.mean()
