"""The loop: step by step to the best weights, from wherever the last checkpoint left it.

Each turn is one step or one judgement on the validation split, then a word with the other processes: go on, save, or
stop. Where the run stands follows from two counts (steps taken, epochs judged), so a resume needs no special case.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import torch
from torch import Tensor

from slipway.errors import TrainingError
from training.checkpoint import Checkpoints
from training.config import Recipe
from training.data import Batches, Feed
from training.journal import Journal
from training.learner import Learner, Weights
from training.mesh import Mesh
from training.preempt import Preempted, Preemption
from training.progress import Progress
from training.schedule import Watch, learning_rate
from training.task import Split, Task

Figures = dict[str, float]


class _Wish(IntEnum):
    """What a process wants after a turn; the processes do what the highest wish says."""

    GO_ON = 0
    SAVE = 1
    STOP = 2


@dataclass(kw_only=True)
class Loop:
    """run: fingerprint of what is trained; a checkpoint of another run is refused. report: told each epoch's figures.

    train and validation lie on the device of `mesh`. checkpoint_every_s: seconds of the leading process' `clock`.
    """

    task: Task
    train: Split
    validation: Split
    recipe: Recipe
    batches: Batches
    learner: Learner
    mesh: Mesh
    run: str
    checkpoints: Checkpoints
    checkpoint_every_s: float
    preemption: Preemption
    progress: Progress
    report: Callable[[int, Figures], None]
    journal: Journal = field(default_factory=lambda: Journal(None, leads=False))
    clock: Callable[[], float] = time.monotonic

    history: list[Figures] = field(default_factory=list, init=False)
    watch: Watch = field(default=Watch(), init=False)
    _best: Weights = field(default_factory=dict, init=False)
    _step: int = field(default=0, init=False)
    _is_done: bool = field(default=False, init=False)
    _loss_sum: Tensor = field(init=False)  # over this process' share of the epoch so far, left on the device
    _feed: Feed = field(init=False)
    _saved_at: float = field(init=False)
    _epoch_start: tuple[int, float] = field(init=False)  # step and time, for the rate

    def fit(self) -> None:
        """Train until the epochs are done or patience ends; the learner then judges with the best epoch's weights.

        Raises Preempted after a checkpoint when any process was asked to stop, and TrainingError when the loss is no
        longer a number or a checkpoint cannot be written.
        """
        self._loss_sum = torch.zeros((), dtype=torch.float64, device=self.mesh.device)
        self._start()
        while not self._is_done:
            self._turn()
        self.learner.restore(self._best)

    def _start(self) -> None:
        self._resume()
        self._begin()

    def _begin(self) -> None:
        """From where the run stands now, on the mesh that there is."""
        self._feed = Feed(self.train, self.batches, self.mesh)
        self._saved_at = self.clock()
        self._epoch_start = (self._step, self.clock())

    def _turn(self) -> None:
        if self._is_over:
            self._save()  # what follows may fail, for want of space say, and must not cost the training
            self.journal.event("ended", step=self._step, workers=self.mesh.size)
            self._is_done = True
            return
        if self._step == (len(self.history) + 1) * self.batches.per_epoch:
            self._judge()
        else:
            self._learn()
        self._heed()

    @property
    def _is_over(self) -> bool:
        return len(self.history) == self.recipe.epochs or self.watch.is_over(self.recipe.patience)

    def _learn(self) -> None:
        steps = self.recipe.epochs * self.batches.per_epoch
        rate = learning_rate(self._step, steps=steps, peak=self.recipe.learning_rate, warm_up=self.recipe.warm_up)
        share, slices = self._feed.take(self._step), self.batches.slices
        loss = self.learner.learn(share, step=self._step, rate=rate, slices=slices)
        self._loss_sum += loss
        self._step += 1
        if self.journal.is_kept:
            self.journal.step(self._step, loss=float(loss), workers=self.mesh.size)
        self.progress.within_epoch(self._step / self.batches.per_epoch)

    def _judge(self) -> None:
        epoch = len(self.history) + 1
        loss = self.mesh.mean(self._loss_sum).item() / self.batches.per_epoch
        figures = self.task.metrics(self.learner.answer(self.validation), self.validation.targets.cpu())
        figure = figures[self.task.watch]
        if not math.isfinite(loss) or not math.isfinite(figure):
            raise TrainingError(
                f"after epoch {epoch} the loss is {loss} and {self.task.watch} is {figure}: not numbers to go on with",
                hint="lower training.learning_rate, or look for such values in the data",
            )
        self.history.append({"loss": loss, **figures})
        self.watch = self.watch.see(figure, epoch)
        if self.watch.epoch == epoch:
            self._best = self.learner.weights()
        self._loss_sum.zero_()
        self._tell(epoch, loss, figure)

    def _tell(self, epoch: int, loss: float, figure: float) -> None:
        step, since = self._epoch_start
        rows = (self._step - step) * self.batches.batch
        self.progress.epoch(
            epoch,
            loss=loss,
            figure=f"{self.task.watch} {figure:.4f}",
            is_best=self.watch.epoch == epoch,
            rows_per_s=rows / max(self.clock() - since, 1e-9),
        )
        self._epoch_start = (self._step, self.clock())
        self.report(epoch, self.history[-1])

    def _heed(self) -> None:
        wish = _Wish.GO_ON
        if self.preemption.requested:
            wish = _Wish.STOP
        elif self._is_due():
            wish = _Wish.SAVE
        asked_at = time.monotonic()
        verdict = self.mesh.agree(wish)
        if verdict >= _Wish.SAVE:
            self._save()
        if verdict == _Wish.STOP:
            took_s = time.monotonic() - (self.preemption.came_at or asked_at)
            self.progress.say(f"stopped after step {self._step}, checkpoint written {took_s:.1f} s after the notice")
            raise Preempted

    def _is_due(self) -> bool:
        """Whether this process wants a checkpoint now."""
        since_s = self.clock() - self._saved_at
        return self.preemption.take_advice() or (self.mesh.leads and since_s >= self.checkpoint_every_s)

    def _save(self) -> None:
        sums = self.mesh.join(self._loss_sum[None], self.mesh.data_size)
        if self.mesh.leads:
            self.checkpoints.save(self._step, self._state(sums))
        self.journal.event("checkpoint", step=self._step, workers=self.mesh.size)
        self._saved_at = self.clock()

    def _state(self, sums: Tensor) -> dict[str, Any]:
        return {
            "run": self.run,
            "step": self._step,
            "seed": self.batches.seed,  # with step and slices, all that randomness depends on
            "slices": self.batches.slices,
            "loss_sums": sums,
            "history": self.history,
            "watch": {"best": self.watch.best, "epoch": self.watch.epoch, "since": self.watch.since},
            "best": self._best,
            "learner": self.learner.state(),
        }

    def _resume(self) -> None:
        """Go on from the newest checkpoint that the leading process finds whole."""
        newest = self.checkpoints.newest() if self.mesh.leads else None
        step = self.mesh.agree(-1 if newest is None else newest)
        if step < 0:
            return
        state = self.checkpoints.load(step, self.mesh.device)
        if state["run"] != self.run:
            raise TrainingError(
                "the checkpoint is of another run: its task, data, seed or recipe differ",
                hint="give this run a work folder of its own",
            )
        self._take_up(state)
        self.journal.event("resumed", step=self._step, workers=self.mesh.size)
        self.progress.resume(self._step / self.batches.per_epoch)
        self.progress.say(f"resumed after step {self._step} (epoch {len(self.history)} judged)")

    def _take_up(self, state: dict[str, Any]) -> None:
        self.learner.load(state["learner"])
        self.history, self.watch, self._best = state["history"], Watch(**state["watch"]), state["best"]
        self._step = state["step"]
        if self.learner.is_replicated:
            self.batches = self.batches.sliced(state["slices"])
        sums: Tensor = state["loss_sums"]
        same_size = len(sums) == self.mesh.data_size
        self._loss_sum = (sums[self.mesh.data_rank] if same_size else sums.mean()).clone()
