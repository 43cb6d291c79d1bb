"""The model under training, however it is spread: its optimizer, precision, and the moving average that is judged."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from slipway.errors import TrainingError
from training.average import Average
from training.config import ParallelSettings, Recipe
from training.data import derive_seed, portion
from training.gathering import gathered
from training.mesh import Mesh
from training.parallel.build import build, regrouped
from training.parallel.gradients import gradient_norm, scale_down, settle
from training.parallel.outer import Meetings
from training.parallel.pipeline import Pipeline
from training.parallel.whole import Whole
from training.precision import Precision
from training.task import Split, Task

Weights = dict[str, Tensor]

_ROWS_JUDGED_AT_ONCE, _TOKENS_JUDGED_AT_ONCE = 8192, 32_768
"""These bound the memory of a judgement, whatever the size of the split and of its rows."""


class Learner:
    """Takes steps and gives answers. What a step draws at random depends on seed, step and slice of the batch alone, so
    that a run that resumes, on however many workers, draws what it would have drawn.

    before_change: called before the weights, or what an optimizer keeps of them, change in place. norm: of the last
    step's gradient over all processes, where it was measured.
    """

    def __init__(
        self,
        task: Task,
        recipe: Recipe,
        *,
        seed: int,
        mesh: Mesh,
        bf16: bool = False,
        fp8: bool = False,
        parallel: ParallelSettings | None = None,
    ) -> None:
        self._task, self._recipe, self._seed, self._mesh = task, recipe, seed, mesh
        self._precision = Precision(bf16=bf16, fp8=fp8)
        self._settings = settings = parallel or ParallelSettings()
        draw_from(mesh, derive_seed(seed, "model"))
        self._part = build(task, mesh, settings, precision=self._precision, seed=seed)
        self._parameters = self._part.parameters()
        self._steps = (
            Pipeline(self._part, mesh=mesh, microbatches=settings.microbatches)
            if mesh.pipeline > 1
            else Whole(self._part, loss=task.loss)
        )
        self._average = Average(self._parameters, decay=recipe.average) if recipe.average else None
        self._meetings = Meetings(self._parameters, settings, mesh) if settings.local_steps > 1 else None
        self._optimizer = torch.optim.AdamW(
            self._parameters.values(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=mesh.device.type == "cuda",
        )
        self._remember()
        self.before_change: Callable[[], None] = _nothing
        self.norm: Tensor | None = None

    def learn(
        self, batch: Split, *, step: int, rate: float, slices: int | None = None, measured: bool = False
    ) -> Tensor:
        """One step on this process' share of a batch; returns the loss, left on the device.

        slices: of the whole batch; as many as there are microbatches unless said. measured: find the gradient's norm
        even if nothing is clipped; the same on every process. The loss is that of the whole batch,
        or of the replica where replicas seldom meet. Nothing is changed yet when an exchange with others fails.
        """
        size = self._mesh.data_size
        mine = portion(slices or size * self._settings.microbatches, rank=self._mesh.data_rank, size=size)

        def draw(at: int) -> None:
            draw_from(self._mesh, derive_seed(self._seed, "step", step, at))

        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad()
        with self._attention():
            loss = self._steps.learn(batch, mine, draw=draw, precision=self._autocast)
        if self._meetings is None:
            loss = self._mesh.mean(loss)
        self.before_change()
        settle(self._parameters.values())
        self.norm = None
        if self._settings.clip or measured:
            self.norm = gradient_norm(self._parameters.values(), mesh=self._mesh)
        if self.norm is not None and self._settings.clip:
            scale_down(self._parameters.values(), norm=self.norm, limit=self._settings.clip)
        self._optimizer.step()
        self._follow()
        return loss

    def regroup(self, mesh: Mesh) -> None:
        """Go on among other processes, which hold the same. Blocks until all of them have called it.

        A mesh of this process alone lets go of the others, whose process group can end then.
        """
        self._mesh, self._part = mesh, regrouped(self._part, mesh, self._settings)
        self._steps = Whole(self._part, loss=self._task.loss)

    @property
    def is_replicated(self) -> bool:
        """Whether every process holds the whole model, and the same one after each step."""
        return not self.meets_seldom and not self._mesh.is_spread

    @property
    def meets_seldom(self) -> bool:
        """Whether replicas take steps that they exchange nothing for."""
        return self._meetings is not None

    @property
    def exchanged(self) -> int:
        """Bytes that this process has handed to replicas that it seldom meets; 0 where they meet at every step."""
        return self._meetings.exchanged if self._meetings else 0

    def answer(self, split: Split) -> Tensor:
        """Answers for a whole split, on the CPU of every process; each computes its share."""
        self._meet()
        spread = self._mesh.is_spread
        with torch.no_grad() if spread else torch.inference_mode(), self._judged():
            share = self._mesh.share(len(split))
            parts = [self._answer(split.rows(rows)) for rows in self._portions(share, len(split))]
        self._part.let_go()
        return self._mesh.join(torch.cat(parts)[: share.stop - share.start], len(split))

    def weights(self) -> Weights:
        """A copy of the judged weights, which later steps leave as it is; of what this process holds of them."""
        self._meet()
        with self._judged():
            return {name: tensor.detach().clone() for name, tensor in self._tensors().items()}

    def restore(self, weights: Weights) -> None:
        """Judge these weights from now on."""
        self.before_change()
        own = self._tensors() | (self._average.tensors if self._average else {})
        with torch.no_grad():
            for name, tensor in weights.items():
                own[name].copy_(tensor)

    def released(self) -> nn.Module | None:
        """The whole judged model, on the CPU of the leading process; None on the others, which may have no room for it.
        Blocks until each has given what it holds."""
        with torch.device("meta") if self._part.plan else nullcontext():
            model = self._task.model()
        whole = gathered(self.weights(), model.state_dict(), self._mesh)
        if not self._mesh.leads:
            return None
        model.load_state_dict(whole, assign=True)
        return model

    def state(self, *, still: bool = False) -> dict[str, Any]:
        """All that the next step depends on, by names that are the same however the model is spread.

        Its tensors are the learner's own, which `before_change` tells of; still: but for copies of buffers, which a
        forward pass changes untold. Replicas that seldom meet differ: each has its own entry, and they share
        `meetings`.
        """
        own = {"model": self._still() if still else self._tensors(), "optimizer": self._memory()}
        average = {"updates": self._average.updates, "tensors": self._average.tensors} if self._average else {}
        if self._meetings is None:
            return own | {"average": average}
        return {f"replica-{self._mesh.replica}": own, "average": average, "meetings": self._meetings.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Raises TrainingError when the state is of another model."""
        own = state.get(f"replica-{self._mesh.replica}", state.get("replica-0", state))
        try:
            _fill(self._tensors(), own["model"])
            for name, memory in self._memory().items():
                _fill(memory, own["optimizer"][name])
            if self._average:
                self._average.updates = state["average"]["updates"]
                _fill(self._average.tensors, state["average"]["tensors"])
            if self._meetings:
                self._meetings.load(state["meetings"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise TrainingError(
                f"the checkpoint does not fit the model of task {self._task.name!r}: {error}",
                hint="change the task's `version` when its model changes, and the run starts anew",
            ) from error

    def _follow(self) -> None:
        """What comes after the optimizer's step: replicas may meet, and the average takes in what they have."""
        if self._meetings is None:
            if self._average:
                self._average.update()
        elif self._meetings.stepped() and self._average:
            self._average.update(steps=self._settings.local_steps)

    def _meet(self) -> None:
        self.before_change()
        if self._meetings and self._meetings.meet() and self._average:
            self._average.update(steps=self._settings.local_steps)

    def _judged(self) -> AbstractContextManager[None]:
        self.before_change()
        return self._average.judged() if self._average else nullcontext()

    def _answer(self, rows: Split) -> Tensor:
        return self._task.answer(self._steps.answer(rows))  # in fp32, as it will be served

    def _portions(self, share: slice, rows: int) -> list[slice]:
        """The share in portions: as many on every process, since those of a spread model compute together."""
        tokens = getattr(self._task, "tokens_per_row", 0)
        at_once = (
            min(_ROWS_JUDGED_AT_ONCE, max(1, _TOKENS_JUDGED_AT_ONCE // tokens)) if tokens else _ROWS_JUDGED_AT_ONCE
        )
        if not self._mesh.is_spread:
            starts = range(share.start, share.stop, at_once)
            return [slice(at, min(at + at_once, share.stop)) for at in starts]
        longest = -(-rows // self._mesh.data_size)
        starts = range(share.start, share.start + longest, at_once)
        return [slice(max(0, min(at, rows - 1)), min(at + at_once, rows)) for at in starts]

    def _tensors(self) -> Weights:
        """Parameters and lasting buffers of what this process holds."""
        return {name: tensor for module in self._part.bare for name, tensor in module.state_dict().items()}

    def _still(self) -> Weights:
        own = self._tensors()
        return {name: tensor if name in self._parameters else tensor.clone() for name, tensor in own.items()}

    def _memory(self) -> dict[str, dict[str, Tensor]]:
        return {name: self._optimizer.state[parameter] for name, parameter in self._parameters.items()}

    def _remember(self) -> None:
        """Give the optimizer its memory before the first step, so that a checkpoint has something to be read into."""
        on_device = self._mesh.device.type == "cuda"
        for parameter in self._parameters.values():
            self._optimizer.state[parameter] = {
                "step": torch.zeros((), device=self._mesh.device if on_device else "cpu"),
                "exp_avg": torch.zeros_like(parameter.detach()),
                "exp_avg_sq": torch.zeros_like(parameter.detach()),
            }

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast("cuda", torch.bfloat16) if self._precision.bf16 else nullcontext()

    def _attention(self) -> AbstractContextManager[object]:
        """On a GPU, whichever is fastest there; only flash gives the same bits each time."""
        if self._mesh.device.type != "cuda" or self._settings.deterministic or not self._precision.bf16:
            return nullcontext()
        wanted = [SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]
        return sdpa_kernel([*wanted, SDPBackend.MATH], set_priority=True)


def _nothing() -> None:
    pass


def draw_from(mesh: Mesh, seed: int) -> None:
    """Seed this process' generators; `torch.manual_seed` does the same a hundred times slower."""
    torch.default_generator.manual_seed(seed)
    if mesh.device.type == "cuda":
        torch.cuda.manual_seed(seed)


@torch.no_grad()
def _fill(own: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    if own.keys() != saved.keys():
        raise ValueError(f"it has {sorted(saved)}, the model {sorted(own)}")
    for name, tensor in own.items():
        if tensor.shape != saved[name].shape:
            raise ValueError(f"{name} is {tuple(saved[name].shape)} there and {tuple(tensor.shape)} here")
        tensor.copy_(saved[name])
