"""Activations that are computed again in the backward pass instead of kept: memory for time."""

import functools
from typing import Any, Literal

import torch
from torch import nn
from torch.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts

_DEAR = {
    torch.ops.aten.mm.default,
    torch.ops.aten.addmm.default,
    torch.ops.aten._scaled_mm.default,
    torch.ops.aten._scaled_dot_product_flash_attention.default,
    torch.ops.aten._scaled_dot_product_cudnn_attention.default,
    torch.ops.aten._scaled_dot_product_efficient_attention.default,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default,
}
"""What `selective` keeps: products and attention take nearly all of the time, what lies between them is cheap."""


def recompute(module: nn.Module, how: Literal["none", "selective", "full"]) -> None:
    """Change the module's forward in place, so that its parameters keep their names."""
    if how == "none":
        return
    contexts: dict[str, Any] = {}
    if how == "selective":
        contexts["context_fn"] = functools.partial(create_selective_checkpoint_contexts, _keep_what_is_dear)
    module.forward = functools.partial(checkpoint, module.forward, use_reentrant=False, **contexts)


def _keep_what_is_dear(_context: Any, operation: Any, *_args: Any, **_kwargs: Any) -> CheckpointPolicy:
    return CheckpointPolicy.MUST_SAVE if operation in _DEAR else CheckpointPolicy.PREFER_RECOMPUTE
