"""A task's model, or this process' stages of it, spread over a mesh as the task's plan says.

In this order, for each undoes or hides what comes after it: cut into stages, cut over the tensor group, fp8, recompute,
compile, and last shards or replicas. A model with a plan is made without memory and filled block by block.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.distributed.tensor.parallel import parallelize_module
from torch.nn.parallel import DistributedDataParallel

from slipway.errors import TrainingError
from training.config import ParallelSettings
from training.data import derive_seed
from training.mesh import Mesh
from training.parallel.plan import Plan
from training.parallel.recompute import recompute
from training.precision import Precision, use_fp8
from training.task import Task


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one process holds. bare: stages in order, the whole model where there is but one. wrapped: the same, as they
    are called when they learn."""

    bare: list[nn.Module]
    wrapped: list[nn.Module]
    plan: Plan | None

    def parameters(self) -> dict[str, Tensor]:
        """By names that are the same however the model is spread."""
        return {name: parameter for module in self.bare for name, parameter in module.named_parameters()}

    def let_go(self) -> None:
        """Of weights that were gathered for answers. Only a backward pass would, and the next step would learn with
        them, whatever they have become since."""
        for module in self.bare:
            for unit in module.modules():
                if isinstance(unit, FSDPModule):
                    unit.reshard()


def build(task: Task, mesh: Mesh, settings: ParallelSettings, *, precision: Precision, seed: int) -> Part:
    """Every process builds its part; the weights depend on the seed alone.

    Raises TrainingError when the mesh wants what the task's plan does not say, or a model with a plan has buffers.
    """
    plan: Plan | None = getattr(task, "plan", None)
    _check(task, plan, mesh, settings, precision)
    stages = _stages(task, plan, mesh, settings)
    _refuse_buffers(task, stages)
    wrapped = [_spread(stage, plan, mesh, settings, precision, seed) for stage in stages]
    return Part(bare=stages, wrapped=wrapped, plan=plan)


def regrouped(part: Part, mesh: Mesh, settings: ParallelSettings) -> Part:
    """The same model as one of other replicas, which start alike from what the first of them holds. Blocks until all
    of the mesh have called it."""
    return replace(part, wrapped=[_replicate(model, mesh, settings) for model in part.bare])


def _check(task: Task, plan: Plan | None, mesh: Mesh, settings: ParallelSettings, precision: Precision) -> None:
    wants = {
        "mesh.tensor": mesh.tensor > 1 and not (plan and plan.tensor),
        "mesh.pipeline": mesh.pipeline > 1 and not (plan and plan.first),
        "parallel.recompute": settings.recompute != "none" and not plan,
        "precision fp8": precision.fp8 and (not plan or mesh.tensor > 1),
    }
    if refused := [name for name, wanted in wants.items() if wanted]:
        raise TrainingError(
            f"task {task.name!r} does not say how to do what training.{refused[0]} asks for",
            hint="leave it out, or give the task a plan (training/parallel/plan.py)",
        )
    if plan and plan.groups % mesh.tensor:
        raise TrainingError(
            f"training.mesh.tensor is {mesh.tensor}, and the layers of task {task.name!r} are cut into equal parts by "
            f"1 or what divides {plan.groups}",
            hint=f"set it to a divisor of {plan.groups}, and more shards or replicas",
        )
    if settings.local_steps > 1 and mesh.replicas == 1:
        raise TrainingError(
            "parallel.local_steps needs replicas that meet, and there is one",
            hint="leave it out, or set training.mesh.replicate",
        )


def _stages(task: Task, plan: Plan | None, mesh: Mesh, settings: ParallelSettings) -> list[nn.Module]:
    if plan is None:
        return [task.model().to(mesh.device)]
    with torch.device("meta"):
        if mesh.pipeline == 1:
            return [task.model()]
        count = mesh.pipeline * settings.stages
        return [_cut(task.model(), plan, at, count) for at in range(mesh.stage_rank, count, mesh.pipeline)]


def _refuse_buffers(task: Task, stages: list[nn.Module]) -> None:
    """One that was made without memory holds nothing, and no plan says what it should hold."""
    names = [name for stage in stages for name, buffer in stage.named_buffers() if buffer.is_meta]
    if names:
        raise TrainingError(
            f"the model of task {task.name!r} has the buffer {names[0]!r}, and one with a plan is made without memory",
            hint="compute it in forward, or make it a parameter that needs no gradient and is filled by the plan",
        )


def _cut(model: nn.Module, plan: Plan, at: int, count: int) -> nn.Module:
    """Stage `at` of `count`: an even run of blocks, and what belongs to the model's ends."""
    blocks = _blocks(model, plan)
    total = len(blocks)
    if total < count:
        raise TrainingError(
            f"{total} blocks cannot fill {count} stages", hint="lower training.mesh.pipeline or parallel.stages"
        )
    for index in range(total):
        if not total * at // count <= index < total * (at + 1) // count:
            del blocks[str(index)]
    for name in (*(plan.first if at > 0 else ()), *(plan.last if at < count - 1 else ())):
        setattr(model, name, None)
    return model


def _spread(
    model: nn.Module, plan: Plan | None, mesh: Mesh, settings: ParallelSettings, precision: Precision, seed: int
) -> nn.Module:
    if plan and mesh.grid and mesh.tensor > 1:
        modules = {name for name, _ in model.named_modules()}
        styles = {name: style for name, style in plan.tensor.items() if "*" in name or name in modules}
        parallelize_module(model, mesh.grid["tensor"], styles)
    if plan and precision.fp8:
        use_fp8(_blocks(model, plan))
    units = [*_blocks(model, plan).values(), model] if plan else [model]
    for unit in units:
        if plan:
            _fill(model, unit, plan, mesh.device, seed)
            if unit is not model:
                recompute(unit, settings.recompute)
        if settings.compile and (unit is not model or not plan):
            unit.forward = torch.compile(unit.forward)
        _shard(unit, mesh, settings, precision, is_block=unit is not model)
    return _replicate(model, mesh, settings)


def _replicate(model: nn.Module, mesh: Mesh, settings: ParallelSettings) -> nn.Module:
    meets = mesh.replicas > 1 and settings.local_steps == 1
    return DistributedDataParallel(model) if meets and not mesh.is_spread else model


def _shard(unit: nn.Module, mesh: Mesh, settings: ParallelSettings, precision: Precision, *, is_block: bool) -> None:
    """FSDP2. Replicas of a cut model are made so too, as shards of one: DDP knows neither cut tensors nor stages."""
    together = settings.local_steps == 1
    groups = [name for name, size in (("replicate", mesh.replicas * together), ("shard", mesh.shard)) if size > 1]
    if mesh.grid is None or not groups:
        return
    grid = mesh.grid["shard"] if groups == ["shard"] else mesh.grid["replicate", "shard"]
    policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32) if precision.bf16 else None
    again = is_block and mesh.pipeline == 1  # a pipeline would gather for every microbatch
    fully_shard(unit, mesh=grid, reshard_after_forward=again, mp_policy=policy or MixedPrecisionPolicy())


def _fill(model: nn.Module, unit: nn.Module, plan: Plan, device: torch.device, seed: int) -> None:
    """Give the unit's parameters memory, and each what it starts from: a function of the seed and its name."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    for module in unit.modules():
        for key, parameter in module.named_parameters(recurse=False):
            if not parameter.is_meta:
                continue
            name = names[id(parameter)]
            generator = torch.Generator(device).manual_seed(derive_seed(seed, "model", name))
            whole = torch.empty(parameter.shape, dtype=parameter.dtype, device=device)
            plan.initialize(name, whole, generator=generator)
            if isinstance(parameter, DTensor):
                whole = distribute_tensor(whole, parameter.device_mesh, parameter.placements, src_data_rank=None)
            setattr(module, key, nn.Parameter(whole, requires_grad=parameter.requires_grad))


def _blocks(model: nn.Module, plan: Plan) -> nn.ModuleDict:
    blocks = model.get_submodule(plan.blocks)
    assert isinstance(blocks, nn.ModuleDict)  # noqa: S101 - what a plan promises
    return blocks
