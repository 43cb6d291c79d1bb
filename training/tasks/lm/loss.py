"""Cross-entropy from hidden states that never holds the logits of all tokens at once, nor their gradient.

The gradient is made beside the loss, part by part, while a part's logits are there: as many multiplications as without
parts, and memory that does not grow with the batch. Liger Kernel (arXiv:2410.10989) has the idea.
"""

from typing import Any

import torch
from torch import Tensor

_LOGITS_AT_ONCE = 2**30
"""2 GB in bf16: large enough that no product is short of work, small beside the activations of such a batch."""


def cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor, *, at_once: int = _LOGITS_AT_ONCE) -> Tensor:
    """The mean of -log of the probability of each target, where logits are `hidden @ weight.T`.

    hidden: (tokens, width), in whose precision logits are computed; weight: (vocabulary, width); targets: (tokens,).
    at_once: logits held at a time.
    """
    return _CrossEntropy.apply(hidden, weight, targets, at_once)  # pyright: ignore[reportReturnType] - typed Any|None


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, at_once: int) -> Tensor:
        rows, matrix = max(1, at_once // len(weight)), weight.to(hidden.dtype)
        total = torch.zeros((), device=hidden.device)
        wanted = ctx.needs_input_grad[0] or ctx.needs_input_grad[1]
        hidden_grad, weight_grad = torch.empty_like(hidden), torch.zeros_like(weight, dtype=torch.float32)
        if hidden.is_cuda:
            from training.tasks.lm.fused import judge
        else:
            judge = _judge
        for at in range(0, len(hidden), rows):
            part = slice(at, at + rows)
            loss, gradient = judge(hidden[part] @ matrix.T, targets[part], 1 / len(hidden))
            total += loss
            if wanted:
                torch.mm(gradient, matrix, out=hidden_grad[part])
                weight_grad += gradient.T @ hidden[part]
        if wanted:
            ctx.save_for_backward(hidden_grad, weight_grad.to(weight.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        hidden_grad, weight_grad = ctx.saved_tensors
        return hidden_grad * grads[0].to(hidden_grad.dtype), weight_grad * grads[0].to(weight_grad.dtype), None, None


def _judge(logits: Tensor, targets: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """The part's share of the mean loss, and its gradient by the logits."""
    exact = logits.float()
    log_sum = exact.logsumexp(1, keepdim=True)
    loss = (log_sum - exact.gather(1, targets[:, None])).sum() * scale
    chosen = torch.arange(logits.shape[1], device=logits.device) == targets[:, None]
    return loss, (((exact - log_sum).exp() - chosen.float()) * scale).to(logits.dtype)
