import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from slipway.errors import TrainingError
from tests.tiny_task import Diverging, Tiny
from training.checkpoint import Checkpoints
from training.checkpoint.storage import Folder
from training.data import plan_batches
from training.learner import Learner
from training.loop import Loop
from training.mesh import Mesh
from training.observe import Observer
from training.observe.figures import Figures
from training.preempt import Preempted, Preemption
from training.progress import Progress

ALONE = Mesh(rank=0, size=1, device=torch.device("cpu"))
TURNS = 4 * (80 // 16 + 1)  # Tiny: four epochs of five steps and a judgement


class AfterTurns(Preemption):
    """Asked to stop once so many turns were taken."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self._left = turns

    @property
    def requested(self) -> bool:
        self._left -= 1
        return self._left <= 0


class Counting(Learner):
    """Counts its steps."""

    taken = 0

    def learn(self, *args: Any, **kwargs: Any) -> Tensor:
        self.taken += 1
        return super().learn(*args, **kwargs)


class Seldom(Counting):
    """Says that it does, alone as it is."""

    @property
    def meets_seldom(self) -> bool:
        return True


def loop(
    folder: Path,
    *,
    task: Tiny | None = None,
    seed: int = 0,
    stop_after: int = 10**9,
    run: str = "run",
    kind: type[Learner] = Learner,
) -> Loop:
    task = task or Tiny()
    data = task.data(seed)
    return Loop(
        task=task,
        train=data.train,
        validation=data.validation,
        recipe=task.recipe,
        batches=plan_batches(rows=len(data.train), batch_size=task.recipe.batch_size, seed=seed, workers=1),
        learner=kind(task, task.recipe, seed=seed, bf16=False, mesh=ALONE),
        mesh=ALONE,
        run=run,
        checkpoints=Checkpoints(Folder(folder)),
        checkpoint_every_s=math.inf,
        preemption=AfterTurns(stop_after),
        progress=Progress(epochs=task.recipe.epochs, leads=False),
        report=lambda epoch, figures: None,
    )


@pytest.fixture
def uninterrupted(tmp_path: Path) -> Loop:
    whole = loop(tmp_path / "uninterrupted")
    whole.fit()
    return whole


def test_it_learns(uninterrupted: Loop):
    assert uninterrupted.watch.best > 0.9


def test_the_same_seed_gives_the_same_figures(uninterrupted: Loop, tmp_path: Path):
    again = loop(tmp_path / "again")
    again.fit()
    assert again.history == uninterrupted.history


def test_another_seed_gives_other_figures(uninterrupted: Loop, tmp_path: Path):
    other = loop(tmp_path / "other", seed=1)
    other.fit()
    assert other.history != uninterrupted.history


@pytest.mark.parametrize("turns", [1, 4, 5, 6, 7, 13, TURNS])
def test_a_run_that_stopped_anywhere_resumes_to_exactly_the_same_losses_and_weights(
    uninterrupted: Loop, tmp_path: Path, turns: int
):
    with pytest.raises(Preempted):
        loop(tmp_path / "stopped", stop_after=turns).fit()
    resumed = loop(tmp_path / "stopped")
    resumed.fit()
    assert resumed.history == uninterrupted.history
    expected = uninterrupted.learner.weights()
    assert all(tensor.equal(expected[name]) for name, tensor in resumed.learner.weights().items())


def test_a_run_that_stops_at_every_turn_still_ends_alike(uninterrupted: Loop, tmp_path: Path):
    for _ in range(TURNS):
        with pytest.raises(Preempted):
            loop(tmp_path / "stopping", stop_after=1).fit()
    resumed = loop(tmp_path / "stopping")
    resumed.fit()
    assert resumed.history == uninterrupted.history


@pytest.mark.parametrize(("kind", "steps"), [(Counting, 3), (Seldom, 4)])
def test_replicas_that_seldom_meet_hear_a_notice_a_step_later_since_no_step_waits_for_them(
    tmp_path: Path, kind: type[Counting], steps: int
):
    stopped = loop(tmp_path, stop_after=3, kind=kind)
    with pytest.raises(Preempted):
        stopped.fit()
    assert isinstance(stopped.learner, Counting)
    assert stopped.learner.taken == steps


def test_the_weights_of_the_best_epoch_are_the_ones_judged_at_the_end(uninterrupted: Loop):
    answers = uninterrupted.learner.answer(uninterrupted.validation)
    assert uninterrupted.task.metrics(answers, uninterrupted.validation.targets)["auc"] == uninterrupted.watch.best


def test_a_loss_that_is_no_number_ends_the_run_with_the_reason(tmp_path: Path):
    with pytest.raises(TrainingError, match="after epoch 1 the loss is nan"):
        loop(tmp_path, task=Diverging()).fit()


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path):
    with pytest.raises(Preempted):
        loop(tmp_path, stop_after=3).fit()
    with pytest.raises(TrainingError, match="of another run"):
        loop(tmp_path, run="another").fit()


def test_a_checkpoint_that_does_not_fit_the_model_is_refused(tmp_path: Path):
    class Wider(Tiny):
        def model(self) -> torch.nn.Module:
            return torch.nn.Linear(2, 2)

    with pytest.raises(Preempted):
        loop(tmp_path, stop_after=3).fit()
    with pytest.raises(TrainingError, match="does not fit the model"):
        loop(tmp_path, task=Wider()).fit()


def test_what_a_run_is_seen_to_do_adds_up_to_its_steps(tmp_path: Path) -> None:
    told: list[Figures] = []
    whole = loop(tmp_path)
    whole.observer = Observer(every_steps=5, tell=told.append)
    whole.fit()
    assert [(seen.step, seen.gradient_norm > 0) for seen in told] == [(step, True) for step in (5, 10, 15, 20)]


def test_measuring_the_gradient_changes_nothing(tmp_path: Path, uninterrupted: Loop) -> None:
    measured = loop(tmp_path)
    measured.observer = Observer(every_steps=1)
    measured.fit()
    assert measured.history == uninterrupted.history
