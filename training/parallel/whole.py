"""A step and answers of a model that is no pipeline: forward, backward, and the exchange of gradients once a step."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.distributed.fsdp import FSDPModule
from torch.nn.parallel import DistributedDataParallel

from training.data import Portion
from training.parallel.build import Part
from training.task import Split


class Whole:
    """loss: of outputs and targets; a model with a plan judges its outputs itself."""

    def __init__(self, part: Part, *, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        (self._model,), (self._wrapped,) = part.bare, part.wrapped
        self._has_plan, self._loss = part.plan is not None, loss

    def learn(
        self,
        batch: Split,
        portion: Portion,
        *,
        draw: Callable[[int], None],
        precision: Callable[[], AbstractContextManager[object]],
    ) -> Tensor:
        """Add the gradients of the portion's weighed loss; returns that loss, left on the device. draw: called with
        each slice's number before anything is drawn for it."""
        self._wrapped.train()
        total = torch.zeros((), device=batch.targets.device)
        for at, rows in enumerate(slices(batch, portion.count)):
            draw(portion.first + at)
            with self._exchange(is_last=at == portion.count - 1):
                with precision():
                    loss = self._judge(rows) * portion.weight
                loss.backward()
            total += loss.detach()
        return total

    def answer(self, batch: Split) -> Tensor:
        self._model.eval()
        return self._model(**batch.inputs)

    def _judge(self, batch: Split) -> Tensor:
        if self._has_plan:
            return self._wrapped(**batch.inputs, targets=batch.targets).squeeze(0)
        return self._loss(self._wrapped(**batch.inputs), batch.targets)

    def _exchange(self, *, is_last: bool) -> AbstractContextManager[object]:
        """Leave the exchange to the last slice: what it exchanges holds the sums of those before."""
        if isinstance(self._wrapped, FSDPModule):
            self._wrapped.set_requires_gradient_sync(is_last)
        elif isinstance(self._wrapped, DistributedDataParallel) and not is_last:
            return self._wrapped.no_sync()
        return nullcontext()


def slices(batch: Split, count: int) -> Iterator[Split]:
    """Equal parts in order, so that the mean of their losses is the loss of the batch."""
    size = len(batch) // count
    return (batch.rows(slice(at * size, (at + 1) * size)) for at in range(count))
