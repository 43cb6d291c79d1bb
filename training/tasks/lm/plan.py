"""How the decoder is cut: heads and hidden units over a tensor group, blocks over stages, sequences between the cuts.

Between the cut layers each process of a tensor group holds a part of every sequence (Korthikanti et al. 2022,
arXiv:2205.05198), the loss included: so each judges its part with the whole head, and no logits are exchanged.
"""

import functools
import math
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    ParallelStyle,
    PrepareModuleInput,
    RowwiseParallel,
    SequenceParallel,
)

from training.parallel.plan import Plan
from training.tasks.lm.model import PARTS, Head, initialize, judged
from training.tasks.lm.shape import Shape

_SEQUENCE = Shard(1)


def plan(shape: Shape) -> Plan:
    """A tied table is at both ends of the model, so such a model is neither cut into stages nor over a group."""
    apart = not shape.tied
    return Plan(
        blocks="blocks",
        first=("embedding",) if apart else (),
        last=("norm", "head") if apart else (),
        groups=math.gcd(PARTS, shape.kv_heads, shape.context),
        tensor=_tensor_plan() if apart else {},
        initialize=functools.partial(initialize, layers=shape.layers),
    )


def _tensor_plan() -> dict[str, ParallelStyle]:
    return {
        "embedding": RowwiseParallel(input_layouts=Replicate(), output_layouts=_SEQUENCE),
        "blocks.*.attention_norm": SequenceParallel(),
        "blocks.*.attention": _whole_sequence(others=1),
        "blocks.*.attention.qkv": ColwiseParallel(),
        "blocks.*.attention.out": RowwiseParallel(output_layouts=_SEQUENCE),
        "blocks.*.feed_norm": SequenceParallel(),
        "blocks.*.feed": _whole_sequence(others=0),
        "blocks.*.feed.gate_up": ColwiseParallel(),
        "blocks.*.feed.down": RowwiseParallel(output_layouts=_SEQUENCE),
        "norm": SequenceParallel(use_local_output=True),
        "head": _JudgeParts(),
    }


def _whole_sequence(*, others: int) -> PrepareModuleInput:
    """others: further arguments, which are left as they are."""
    rest = (None,) * others
    return PrepareModuleInput(input_layouts=(_SEQUENCE, *rest), desired_input_layouts=(Replicate(), *rest))


class _JudgeParts(ParallelStyle):
    """Each process judges its part of every sequence; the means of equal parts are averaged."""

    def _apply(self, module: nn.Module, device_mesh: DeviceMesh) -> nn.Module:
        assert isinstance(module, Head)  # noqa: S101 - the plan above names it
        assert module.weight is not None  # noqa: S101 - a tied head has no such plan
        module.weight = nn.Parameter(
            DTensor.from_local(module.weight.data, device_mesh, [Replicate()], run_check=False)
            if module.weight.is_meta
            else distribute_tensor(module.weight.data, device_mesh, [Replicate()])
        )
        module.judge = functools.partial(_judge_part, mesh=device_mesh)
        return module


def _judge_part(part: Tensor, weight: Tensor, targets: Tensor | None, *, mesh: DeviceMesh) -> Tensor:
    """part: this process' part of each sequence; targets: of the whole sequences."""
    if isinstance(weight, DTensor):  # FSDP hands over a plain tensor where it gathers
        weight = weight.to_local(grad_placements=[Partial()])
    if targets is None:
        whole = DTensor.from_local(part, mesh, [_SEQUENCE], run_check=False).full_tensor()
        return judged(whole, weight, None)
    mine = targets.chunk(mesh.size(), 1)[mesh.get_local_rank()]
    loss: Any = _Mean.apply(judged(part, weight, mine), mesh.get_group())
    return loss


class _Mean(torch.autograd.Function):
    """The mean over a group of what each process has. Each then starts backward from it, so each takes its share."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, group: dist.ProcessGroup) -> Tensor:
        ctx.size = dist.get_world_size(group)
        total = value.clone()
        dist.all_reduce(total, group=group)
        return total / ctx.size

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0] / ctx.size, None
