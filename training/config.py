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
Watched = Literal["auto", "none", "ec2", "gce"]


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


class MeshSettings(_Strict):
    """How the workers stand: their product is the number of workers.

    replicate: copies of the model, each with its share of a batch; None is what the others leave. shard: processes that
    share each copy's weights, gradients and optimizer, and split its share of the batch (FSDP2; with replicas HSDP).
    tensor: processes that share each layer. pipeline: stages of layers. The last two need a task with a plan.
    """

    replicate: int | None = Field(default=None, ge=1, le=4096)
    shard: int = Field(default=1, ge=1, le=4096)
    tensor: int = Field(default=1, ge=1, le=64)
    pipeline: int = Field(default=1, ge=1, le=64)

    def replicas(self, workers: int) -> int:
        """Copies of the model on so many workers. Raises ValueError when they do not stand in this mesh."""
        others = self.shard * self.tensor * self.pipeline
        replicas = self.replicate or workers // others
        if replicas * others != workers:
            raise ValueError(
                f"mesh {self.replicate or 'any'} x {self.shard} x {self.tensor} x {self.pipeline} does not hold "
                f"{workers} workers"
            )
        return replicas


class ParallelSettings(_Strict):
    """How a step is computed.

    microbatches: parts of each worker's share of a batch, one in memory at a time; with a pipeline those that fill it.
    stages: of each worker in a pipeline; more than one interleaves them, for less waiting and more exchange.
    clip: the norm that gradients are scaled down to, over all workers; 0 leaves them. recompute: activations that are
    computed again instead of kept: none, all but what is dear (selective), all. compile: blocks, for a task with a
    plan, else the model. deterministic: the same bits for the same seed; without it attention is faster.
    local_steps: steps between meetings of the replicas (DiLoCo); 1 is at every step. outer_rate, outer_momentum: of the
    Nesterov step that a meeting takes.
    """

    microbatches: int = Field(default=1, ge=1, le=4096)
    stages: int = Field(default=1, ge=1, le=16)
    clip: float = Field(default=0.0, ge=0)
    recompute: Literal["none", "selective", "full"] = "none"
    compile: bool = False
    deterministic: bool = True
    local_steps: int = Field(default=1, ge=1, le=100_000)
    outer_rate: float = Field(default=0.7, gt=0, le=2)
    outer_momentum: float = Field(default=0.9, ge=0, lt=1)


class CheckpointSettings(_Strict):
    """every_s: work that a crash may cost. every_steps: save after each so many steps as well; 0 does not.

    keep_last: how many of the newest are kept, so that a broken one has one before it. keep_best: how many of those
    with the best figure. keep_every: the first of each so many steps, for good; 0 is none.
    url: a bucket for them (s3, gs, az); empty is the stack's on Kubernetes, else the work folder, which all workers
    must share.
    """

    every_s: float = Field(default=60.0, ge=0, le=86_400)
    every_steps: int = Field(default=0, ge=0, le=100_000_000)
    keep_last: int = Field(default=2, ge=1, le=100)
    keep_best: int = Field(default=1, ge=0, le=100)
    keep_every: int = Field(default=0, ge=0, le=100_000_000)
    url: str = ""


class PreemptionSettings(_Strict):
    """notice_s: from the signal to the kill, within which the last checkpoint is written (GKE 15, GCE 30, EC2 120).

    retries: how often a run that was preempted is started again from its checkpoint. watch: whom each worker asks,
    besides heeding signals, whether its machine is about to go; auto is who made the machine, by its firmware, and
    nobody on a laptop or in a pod.
    """

    watch: Watched = "auto"
    notice_s: float = Field(default=25.0, gt=0, le=28)  # torchrun itself kills its workers after 30 s
    retries: int = Field(default=3, ge=0, le=1_000)


class ElasticSettings(_Strict):
    """min_workers: the fewest that a run goes on with when others die or are told to go; it waits for new ones below
    that. The most is `workers`. None: their number is fixed, and the run stops when one dies. On this machine a worker
    that was lost is started again, each place `preemption.retries` times."""

    min_workers: int | None = Field(default=None, ge=1, le=4096)


class ObserveSettings(_Strict):
    """journal: a line for each step in the work folder's journal.jsonl (training/journal.py).

    every_steps: steps between two reports of speed, loss and gradient norm to MLflow and Prometheus; 0 is none.
    metrics_port: where the first worker of a machine offers Prometheus text, the next ones at the ports after it; 0 is
    nowhere. metrics_address: on which of the machine's addresses. profile: write a trace of a few steps.
    hung_after_s: without any progress, after which a worker says who holds it up and starts again from the newest
    checkpoint; 0 is never. Above the longest judgement or compilation. idle_minutes: after which a job is stopped whose
    GPUs do nothing; 0 is never.
    """

    journal: bool = False
    every_steps: int = Field(default=50, ge=0, le=1_000_000)
    metrics_port: int = Field(default=0, ge=0, le=65_000)
    metrics_address: str = "127.0.0.1"
    profile: bool = False
    hung_after_s: float = Field(default=600.0, ge=0, le=86_400)
    idle_minutes: float = Field(default=30.0, ge=0, le=10_000)


class TrainSettings(_Strict):
    """One training run. What is None here is the task's own choice (see Recipe).

    task: one that ships (`employment`, `digits`, `lm`) or `package.module:ClassName`. workers: processes; None is one a
    GPU, or two where there is none. precision: `auto` is bf16 on a GPU that computes in it, else fp32; `fp8` multiplies
    blocks in it, and needs torchao and a GPU that can.
    """

    task: str = Field(default="employment", min_length=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    workers: int | None = Field(default=None, ge=1, le=4096)
    precision: Literal["auto", "fp32", "bf16", "fp8"] = "auto"
    mesh: MeshSettings = MeshSettings()
    parallel: ParallelSettings = ParallelSettings()
    epochs: Epochs | None = None
    batch_size: BatchSize | None = None
    learning_rate: LearningRate | None = None
    weight_decay: WeightDecay | None = None
    patience: Patience | None = None
    checkpoint: CheckpointSettings = CheckpointSettings()
    preemption: PreemptionSettings = PreemptionSettings()
    elastic: ElasticSettings = ElasticSettings()
    observe: ObserveSettings = ObserveSettings()

    @model_validator(mode="after")
    def _stages_kept_busy(self) -> Self:
        pipeline, microbatches = self.mesh.pipeline, self.parallel.microbatches
        if pipeline == 1 and self.parallel.stages > 1:
            raise ValueError(
                f"parallel.stages {self.parallel.stages} are of a pipeline, and mesh.pipeline is 1: leave them out, or "
                "set mesh.pipeline to the workers that the layers are dealt to"
            )
        if microbatches < pipeline:
            raise ValueError(
                f"parallel.microbatches {microbatches} cannot fill the {pipeline} workers of mesh.pipeline; "
                f"use {pipeline} or more"
            )
        if self.parallel.stages > 1 and microbatches % pipeline:
            raise ValueError(
                f"parallel.microbatches {microbatches} do not go round mesh.pipeline {pipeline} evenly, as several "
                f"parallel.stages a worker want; use a multiple of {pipeline}"
            )
        return self

    @model_validator(mode="after")
    def _shared_evenly(self) -> Self:
        if self.workers is None:
            return self
        if self.elastic.min_workers and self.elastic.min_workers > self.workers:
            raise ValueError(f"elastic.min_workers {self.elastic.min_workers} are more than workers {self.workers}")
        sharers = self.mesh.replicas(self.workers) * self.mesh.shard * self.parallel.microbatches
        if self.batch_size and self.batch_size % sharers:
            sharing = "workers" if self.parallel.microbatches == 1 else "microbatches"
            raise ValueError(
                f"batch_size {self.batch_size} cannot be shared evenly by {sharers} {sharing}; "
                f"use a multiple of {sharers}"
            )
        return self

    @property
    def is_elastic(self) -> bool:
        """Whether workers come and go while the run goes on. Where a model is spread over workers, or they seldom meet,
        all start again from the newest checkpoint instead."""
        mesh = self.mesh
        is_spread = mesh.shard * mesh.tensor * mesh.pipeline > 1 or self.parallel.local_steps > 1
        return self.elastic.min_workers is not None and not is_spread

    def over(self, recipe: Recipe) -> Recipe:
        """The task's recipe with what these settings decide put over it."""
        chosen = {name: value for name in Recipe.model_fields if (value := getattr(self, name, None)) is not None}
        return recipe.model_copy(update=chosen)
