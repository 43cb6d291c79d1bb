"""Told by the loop what it does; counts, and every so many steps says what that amounts to.

Between reports nothing is fetched from the device: losses are summed there.
"""

import time
from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor

from training.observe.figures import Counted, Figures, Phase, Work, figures

_QUIET: Callable[[Figures], None] = lambda seen: None  # noqa: E731


class Observer:
    """every_steps: between reports; 0 is never. tell: given each. rank, workers: this worker among those that share a
    step; they change between two rounds of an elastic run.

    clock: seconds, monotonic. doing and since: what this process does, and since when; turn: of the loop, since the
    workers met. These are for the watchdog.
    """

    def __init__(
        self,
        *,
        rank: int = 0,
        workers: int = 1,
        every_steps: int = 0,
        work: Work | None = None,
        tell: Callable[[Figures], None] = _QUIET,
        after_step: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every, self._work, self._tell, self._clock = every_steps, work or Work(), tell, clock
        self._after_step = after_step
        self.rank, self.workers = rank, workers
        self.doing: Phase = "start"
        self.step, self.turn, self.since = 0, 0, clock()
        self._begin()

    def does(self, phase: Phase) -> None:
        """The process turns to this now."""
        now = self._clock()
        self._by_phase[self.doing] += now - self.since
        self.doing, self.since = phase, now
        if phase in ("data", "judge"):
            self.turn += 1
        elif phase == "start":
            self.turn = 0

    def is_due(self, step: int) -> bool:
        """Whether this step is reported, so that its gradient's norm is wanted: the same on every worker."""
        return self._every > 0 and step % self._every == 0

    def stepped(self, step: int, *, loss: Tensor, norm: Tensor | None, rows: int) -> None:
        """A step was taken. loss: left on the device. norm: of its gradient, for a step that is due. rows: of all
        workers."""
        self.step = step
        self._after_step()
        if not self._every:
            return
        self._losses = loss.detach().double() if self._losses is None else self._losses + loss.detach()
        self._steps += 1
        self._rows += rows
        if self.is_due(step):
            total = float(self._losses)  # waits for the device, so that the seconds are those of the steps
            self.does(self.doing)
            counted = Counted(
                step=step,
                steps=self._steps,
                rows=self._rows,
                seconds=self._clock() - self._began,
                by_phase=dict(self._by_phase),
                loss=total / self._steps,
                gradient_norm=0.0 if norm is None else float(norm),
                memory_bytes=torch.cuda.max_memory_allocated() if loss.is_cuda else 0,
            )
            self._begin()
            self._tell(figures(counted, self._work, workers=self.workers))

    def _begin(self) -> None:
        self._losses: Tensor | None = None
        self._steps = self._rows = 0
        self._began = self._clock()
        self._by_phase: dict[Phase, float] = defaultdict(float)
