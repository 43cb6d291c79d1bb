"""The loop: step by step to the best weights, from wherever the last checkpoint left it.

Each turn is one step or one judgement on the validation split, then a word with the other processes: go on, save, or
stop; replicas that seldom meet have it a turn later. Where the run stands follows from two counts (steps taken, epochs
judged), so a resume needs no special case.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Any

import torch
from torch import Tensor

from slipway.errors import TrainingError
from training.checkpoint import Checkpoints
from training.checkpoint.layout import Manifest
from training.config import Recipe
from training.data import Batches, Feed
from training.journal import Journal
from training.learner import Learner, Weights
from training.mesh import Mesh
from training.observe import Observer
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

    train and validation lie on the device of `mesh`. checkpoint_every_s: seconds of the leading process' `clock`;
    checkpoint_every_steps: besides, 0 is never.
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
    checkpoint_every_steps: int = 0
    observer: Observer = field(default_factory=Observer)
    clock: Callable[[], float] = time.monotonic

    history: list[Figures] = field(default_factory=list, init=False)
    watch: Watch = field(default=Watch(), init=False)
    _best: Weights = field(default_factory=dict, init=False)
    _step: int = field(default=0, init=False)
    _saved_step: int = field(default=0, init=False)
    _is_done: bool = field(default=False, init=False)
    _told: Callable[[], int] = field(init=False)  # what was wished a turn ago
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
        self._told = lambda: _Wish.GO_ON
        self.learner.before_change = self.checkpoints.hold
        self._start()
        try:
            while not self._is_done:
                self._turn()
        finally:
            self._feed.close()
        self.learner.restore(self._best)

    def _start(self) -> None:
        self._resume()
        self._begin()

    def _begin(self) -> None:
        """From where the run stands now, on the mesh that there is."""
        self.checkpoints.prepare(self._state(), mesh=self.mesh)
        self._feed = Feed(self.train, self.batches, self.mesh)
        self._saved_at = self.clock()
        self._epoch_start = (self._step, self.clock())

    def _turn(self) -> None:
        if self._is_over:
            self._save(durable=True)  # what follows may fail, for want of space say, and must not cost the training
            self.journal.event("ended", step=self._step, workers=self.mesh.size)
            self._is_done = True
            return
        if self._step == (len(self.history) + 1) * self.batches.per_epoch:
            self._judge()
        else:
            self._learn()
        self.observer.does("agree")
        self._heed()

    @property
    def _is_over(self) -> bool:
        return len(self.history) == self.recipe.epochs or self.watch.is_over(self.recipe.patience)

    def _learn(self) -> None:
        steps = self.recipe.epochs * self.batches.per_epoch
        rate = learning_rate(self._step, steps=steps, peak=self.recipe.learning_rate, warm_up=self.recipe.warm_up)
        self.observer.does("data")
        share, slices = self._feed.take(self._step), self.batches.slices
        self.observer.does("step")
        measured = self.observer.is_due(self._step + 1)
        loss = self.learner.learn(share, step=self._step, rate=rate, slices=slices, measured=measured)
        self._loss_sum += loss
        self._step += 1
        self.observer.stepped(self._step, loss=loss, norm=self.learner.norm, rows=self.batches.batch)
        if self.journal.is_kept:
            self.journal.step(self._step, loss=float(loss), workers=self.mesh.size)
        self.progress.within_epoch(self._step / self.batches.per_epoch)

    def _judge(self) -> None:
        self.observer.does("judge")
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
        asked_at = time.monotonic()
        if not self.learner.meets_seldom:
            self._act(self.mesh.agree(self._wish()), asked_at=asked_at)
            return
        # what was said a turn ago has come by now: no step waits for a slow link, and all hear a notice a turn later
        self._act(max(self._told(), _Wish.SAVE if self._is_step_due else _Wish.GO_ON), asked_at=asked_at)
        self._told = self.mesh.ask(self._wish())

    def _wish(self) -> _Wish:
        if self.preemption.requested:
            return _Wish.STOP
        return _Wish.SAVE if self._is_due() else _Wish.GO_ON

    def _act(self, verdict: int, *, asked_at: float) -> None:
        if verdict >= _Wish.SAVE:
            self._save(durable=verdict == _Wish.STOP)
        if verdict == _Wish.STOP:
            took_s = time.monotonic() - (self.preemption.came_at or asked_at)
            self.progress.say(f"stopped after step {self._step}, checkpoint written {took_s:.1f} s after the notice")
            raise Preempted

    def _is_due(self) -> bool:
        """Whether this process wants a checkpoint now."""
        if self._is_step_due:
            return True
        is_time = self.mesh.leads and self.clock() - self._saved_at >= self.checkpoint_every_s
        return self.preemption.take_advice() or is_time

    @property
    def _is_step_due(self) -> bool:
        """The same on every process."""
        every = self.checkpoint_every_steps
        return every > 0 and self._step % every == 0 and self._step != self._saved_step

    def _save(self, *, durable: bool = False) -> None:
        """Go on once it is staged, or durable."""
        self.observer.does("checkpoint")
        self.checkpoints.save(
            self._step,
            self._state(still=True),
            mesh=self.mesh,
            figure=self.history[-1][self.task.watch] if self.history else None,
            whole=partial(self.journal.event, "checkpoint", step=self._step, workers=self.mesh.size),
        )
        if durable:
            self.checkpoints.finish(mesh=self.mesh)
        self._saved_at, self._saved_step = self.clock(), self._step

    def _state(self, *, still: bool = False) -> dict[str, Any]:
        """still: with copies of what changes before the learner says so."""
        return {
            "run": self.run,
            "step": self._step,
            "seed": self.batches.seed,  # with step and slices, all that randomness depends on
            "slices": self.batches.slices,
            "loss_sums": {str(self.mesh.data_rank): self._loss_sum},
            "history": self.history,
            "watch": {"best": self.watch.best, "epoch": self.watch.epoch, "since": self.watch.since},
            "learner": self.learner.state(still=still),
            "best": self._best,
        }

    def _resume(self) -> None:
        """Go on from the newest checkpoint that every process finds whole."""
        state = self.checkpoints.resume(self._like, mesh=self.mesh)
        if state is None:
            return
        self._take_up(state)
        self.journal.event("resumed", step=self._step, workers=self.mesh.size)
        self.progress.resume(self._step / self.batches.per_epoch)
        self.progress.say(f"resumed after step {self._step} (epoch {len(self.history)} judged)")

    def _like(self, manifest: Manifest) -> dict[str, Any]:
        """The state of this process, with room for all that it takes of the checkpoint."""
        if manifest.plain["run"] != self.run:
            raise TrainingError(
                "the checkpoint is of another run: its task, data, seed or recipe differ",
                hint="give this run a work folder of its own",
            )
        parts = {tuple(name.split(".", 2)[:2]) for name in manifest.tensors}
        sums = {of: torch.zeros_like(self._loss_sum) for kind, of in parts if kind == "loss_sums"}
        best = self.learner.weights() if any(kind == "best" for kind, _ in parts) else {}
        learner, own = self.learner.state(), f"replica-{self.mesh.replica}"
        if own in learner and ("learner", own) not in parts:
            learner["replica-0"] = learner.pop(own)  # fewer were saved
        return self._state() | {"loss_sums": sums, "learner": learner, "best": best}

    def _take_up(self, state: dict[str, Any]) -> None:
        self.learner.load(state["learner"])
        self.history, self.watch, self._best = state["history"], Watch(**state["watch"]), state["best"]
        self._step = state["step"]
        if self.learner.is_replicated:
            self.batches = self.batches.sliced(state["slices"])
        sums: dict[str, Tensor] = state["loss_sums"]
        own = sums.get(str(self.mesh.data_rank)) if len(sums) == self.mesh.data_size else None
        self._loss_sum = torch.stack([*sums.values()]).mean() if own is None else own.clone()
        self._saved_step = self._step
