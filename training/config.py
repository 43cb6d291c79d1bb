"""What a training run may be told: the settings, and the recipe that a task carries for itself.

Imports no torch: the Pulumi program and the command line read these. Only settings that change something are here.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Epochs = Annotated[int, Field(ge=1, le=100_000)]
BatchSize = Annotated[int, Field(ge=1, le=1_000_000)]
LearningRate = Annotated[float, Field(gt=0, le=10)]
WeightDecay = Annotated[float, Field(ge=0, le=10)]
Patience = Annotated[int, Field(ge=1, le=100_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Recipe(_Strict):
    """How a task is trained well; its authors choose it on validation data.

    batch_size: rows in one step over all workers. learning_rate: the peak; it rises over the first `warm_up` share of
    the steps and falls to zero along a cosine. patience: epochs without a better figure before training ends.
    average: decay per step of the moving average of the weights that is judged and released; 0 releases the weights.
    """

    epochs: Epochs
    batch_size: BatchSize
    learning_rate: LearningRate
    weight_decay: WeightDecay = 0.01
    patience: Patience = 5
    warm_up: float = Field(default=0.1, ge=0, lt=1)
    average: float = Field(default=0.0, ge=0, lt=1)


class CheckpointSettings(_Strict):
    """every_s: work that a crash may cost. keep_last: how many are kept, so that a broken one has one before it."""

    every_s: float = Field(default=60.0, ge=0, le=86_400)
    keep_last: int = Field(default=2, ge=1, le=100)


class PreemptionSettings(_Strict):
    """notice_s: from the signal to the kill, within which the last checkpoint is written (GKE 15, GCE 30, EC2 120).

    retries: how often a run that was preempted is started again from its checkpoint.
    """

    notice_s: float = Field(default=25.0, gt=0, le=28)  # torchrun itself kills its workers after 30 s
    retries: int = Field(default=3, ge=0, le=1_000)


class TrainSettings(_Strict):
    """One training run. What is None here is the task's own choice (see Recipe).

    task: one that ships (`employment`, `digits`) or `package.module:ClassName`. workers: processes; None is one a GPU,
    or two where there is none. precision: `auto` is bf16 on a GPU that computes in it, else fp32.
    """

    task: str = Field(default="employment", min_length=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    workers: int | None = Field(default=None, ge=1, le=4096)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    epochs: Epochs | None = None
    batch_size: BatchSize | None = None
    learning_rate: LearningRate | None = None
    weight_decay: WeightDecay | None = None
    patience: Patience | None = None
    checkpoint: CheckpointSettings = CheckpointSettings()
    preemption: PreemptionSettings = PreemptionSettings()

    @model_validator(mode="after")
    def _shared_evenly(self) -> Self:
        if self.batch_size and self.workers and self.batch_size % self.workers:
            raise ValueError(
                f"batch_size {self.batch_size} cannot be shared evenly by {self.workers} workers; "
                f"use a multiple of {self.workers}"
            )
        return self

    def over(self, recipe: Recipe) -> Recipe:
        """The task's recipe with what these settings decide put over it."""
        chosen = {name: value for name in Recipe.model_fields if (value := getattr(self, name, None)) is not None}
        return recipe.model_copy(update=chosen)
