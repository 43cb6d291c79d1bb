"""What lies between the decoder's matrix products, as one pass over memory each, in Triton. For GPUs; torch elsewhere.

A compiler fuses these too, but backward it reads and writes the halves of a cut tensor one by one, and recomputes them
in every kernel that wants them. Measured on one H200 (docs/performance.md), that cost a fifteenth of a step.
Each is checked against the plain formula that stands beside its use, forward and backward (tests/gpu).
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.library import triton_op, wrap_triton

_BLOCK = 1024


@triton.jit
def _swiglu_forward(gate_up, out, count, part, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    source = (at // part) * 2 * part + at % part
    gate = tl.load(gate_up + source, mask=inside).to(tl.float32)
    up = tl.load(gate_up + source + part, mask=inside).to(tl.float32)
    tl.store(out + at, gate * tl.sigmoid(gate) * up, mask=inside)


@triton.jit
def _swiglu_backward(gate_up, grad, out, count, part, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    source = (at // part) * 2 * part + at % part
    gate = tl.load(gate_up + source, mask=inside).to(tl.float32)
    up = tl.load(gate_up + source + part, mask=inside).to(tl.float32)
    given = tl.load(grad + at, mask=inside).to(tl.float32)
    share = tl.sigmoid(gate)
    tl.store(out + source, given * up * share * (1 + gate * (1 - share)), mask=inside)
    tl.store(out + source + part, given * gate * share, mask=inside)


@triton_op("slipway::swiglu", mutates_args=())
def swiglu(gate_up: Tensor, part: int) -> Tensor:
    """silu(gate) * up, where the last dimension holds `part` gates, then what they gate, and so on."""
    gate_up = gate_up.contiguous()
    out = gate_up.new_empty((*gate_up.shape[:-1], gate_up.shape[-1] // 2))
    grid = (triton.cdiv(out.numel(), _BLOCK),)
    wrap_triton(_swiglu_forward)[grid](gate_up, out, out.numel(), part, BLOCK=_BLOCK)
    return out


@triton_op("slipway::swiglu_backward", mutates_args=())
def swiglu_backward(gate_up: Tensor, grad: Tensor, part: int) -> Tensor:
    gate_up, grad = gate_up.contiguous(), grad.contiguous()
    out = torch.empty_like(gate_up)
    grid = (triton.cdiv(grad.numel(), _BLOCK),)
    wrap_triton(_swiglu_backward)[grid](gate_up, grad, out, grad.numel(), part, BLOCK=_BLOCK)
    return out


def _keep_gate_up(ctx: Any, inputs: tuple[Tensor, int], output: Tensor) -> None:
    ctx.save_for_backward(inputs[0])
    ctx.part = inputs[1]


def _swiglu_grad(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
    return swiglu_backward(ctx.saved_tensors[0], grad, ctx.part), None


swiglu.register_autograd(_swiglu_grad, setup_context=_keep_gate_up)  # pyright: ignore


@triton.jit
def _turn(
    packed,
    q,
    k,
    v,
    cos,
    sin,
    length,
    groups,
    BACK: tl.constexpr,
    SHARED: tl.constexpr,
    HALF: tl.constexpr,
    GROUPS: tl.constexpr,
):
    """One program a token. BACK: the other way, from q, k and v to packed, turned back. GROUPS: a power of 2."""
    token = tl.program_id(0).to(tl.int64)
    group = tl.arange(0, GROUPS)[:, None]
    lane = tl.arange(0, HALF)[None, :]
    inside = (group < groups) & (lane < HALF)
    turn = (token % length) * HALF + lane
    c, s = tl.load(cos + turn), tl.load(sin + turn)
    if BACK:
        s = -s
    head = (token * groups + group) * 2 * HALF + lane
    for member in tl.static_range(SHARED + 2):  # pyright: ignore
        together = packed + (token * groups + group) * (SHARED + 2) * 2 * HALF + member * 2 * HALF + lane
        if member < SHARED:
            apart = q + ((token * groups + group) * SHARED + member) * 2 * HALF + lane
        elif member == SHARED:
            apart = k + head
        else:
            apart = v + head
        source = apart if BACK else together
        target = together if BACK else apart
        first = tl.load(source, mask=inside).to(tl.float32)
        second = tl.load(source + HALF, mask=inside).to(tl.float32)
        if member <= SHARED:
            tl.store(target, first * c - second * s, mask=inside)
            tl.store(target + HALF, second * c + first * s, mask=inside)
        else:
            tl.store(target, first, mask=inside)
            tl.store(target + HALF, second, mask=inside)


@triton_op("slipway::turned", mutates_args=())
def turned(packed: Tensor, cos: Tensor, sin: Tensor, shared: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries and keys turned by their position, and values, from (batch, length, groups, shared + 2, head)."""
    packed = packed.contiguous()
    batch, length, groups, _, head = packed.shape
    q = packed.new_empty((batch, length, groups * shared, head))
    k, v = (packed.new_empty((batch, length, groups, head)) for _ in range(2))
    sizes = {"SHARED": shared, "HALF": head // 2, "GROUPS": triton.next_power_of_2(groups)}
    wrap_triton(_turn)[(batch * length,)](packed, q, k, v, cos, sin, length, groups, BACK=False, **sizes)
    return q, k, v


@triton_op("slipway::turned_back", mutates_args=())
def turned_back(q: Tensor, k: Tensor, v: Tensor, cos: Tensor, sin: Tensor, shared: int) -> Tensor:
    q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    batch, length, groups, head = k.shape
    packed = q.new_empty((batch, length, groups, shared + 2, head))
    sizes = {"SHARED": shared, "HALF": head // 2, "GROUPS": triton.next_power_of_2(groups)}
    wrap_triton(_turn)[(batch * length,)](packed, q, k, v, cos, sin, length, groups, BACK=True, **sizes)
    return packed


def _keep_turns(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor, int], output: tuple[Tensor, Tensor, Tensor]) -> None:
    ctx.save_for_backward(inputs[1], inputs[2])
    ctx.shared = inputs[3]


def _turned_grad(ctx: Any, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, None, None, None]:
    return turned_back(q, k, v, *ctx.saved_tensors, ctx.shared), None, None, None  # pyright: ignore


turned.register_autograd(_turned_grad, setup_context=_keep_turns)  # pyright: ignore


@triton.jit
def _judge(logits, targets, losses, vocabulary, scale, BLOCK: tl.constexpr):
    """One program a row: its maximum and sum in one pass, its gradient in a second, where the logits were."""
    row = tl.program_id(0).to(tl.int64)
    logits += row * vocabulary
    target = tl.load(targets + row)
    top = tl.full((), float("-inf"), tl.float32)
    total = tl.full((), 0.0, tl.float32)
    for start in range(0, vocabulary, BLOCK):
        at = start + tl.arange(0, BLOCK)
        part = tl.load(logits + at, mask=at < vocabulary, other=float("-inf")).to(tl.float32)
        higher = tl.maximum(top, tl.max(part, 0))
        total = total * tl.exp(top - higher) + tl.sum(tl.exp(part - higher), 0)
        top = higher
    log_sum = top + tl.log(total)
    tl.store(losses + row, (log_sum - tl.load(logits + target).to(tl.float32)) * scale)
    tl.debug_barrier()  # the target's logit is read before it is overwritten
    for start in range(0, vocabulary, BLOCK):
        at = start + tl.arange(0, BLOCK)
        part = tl.load(logits + at, mask=at < vocabulary, other=float("-inf")).to(tl.float32)
        chosen = tl.where(at == target, 1.0, 0.0)
        tl.store(logits + at, (tl.exp(part - log_sum) - chosen) * scale, mask=at < vocabulary)


def judge(logits: Tensor, targets: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Scaled cross-entropy of each row, summed, and its gradient by the logits, which takes their place.

    So many warps a row that few rows are under way at once: their second pass then finds them in the L2 cache.
    """
    losses = torch.empty(len(logits), device=logits.device)
    _judge[(len(logits),)](logits, targets, losses, logits.shape[1], scale, BLOCK=8192, num_warps=32)  # pyright: ignore
    return losses.sum(), logits
