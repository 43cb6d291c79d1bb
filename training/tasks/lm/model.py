"""The decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU. Plain modules that know of no processes.

Queries, keys and values are one product, and so are the gate and what it gates: fewer, larger products keep a GPU busy.
Their outputs lie in whole groups (of heads, of hidden units), so that any even cut of the weight cuts between groups.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

from training.tasks.lm.loss import cross_entropy
from training.tasks.lm.shape import Shape

try:
    from training.tasks.lm import fused
except ImportError:  # Triton is where GPUs are
    fused = None

PARTS = 8
"""Groups of hidden units of a feed-forward layer: the most ways that it can be cut."""


class Decoder(nn.Module):
    """Next-token logits at the last position or, given `targets`, the mean loss at every position as one element.

    A pipeline's stage holds some blocks, and `embedding` or `norm` and `head` only at its ends: then what comes in or
    goes out is the hidden states between the blocks.
    """

    embedding: nn.Embedding | None
    norm: "RMSNorm | None"
    head: "Head | None"

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleDict({str(index): Block(shape) for index in range(shape.layers)})
        self.norm = RMSNorm(shape.width)
        self.head = Head(shape)
        for name, parameter in self.named_parameters():
            if not parameter.is_meta:
                initialize(name, parameter.data, layers=shape.layers)

    def forward(self, tokens: Tensor, targets: Tensor | None = None) -> Tensor:
        hidden = tokens
        if self.embedding is not None:
            hidden = _in_precision(self.embedding(tokens))
        turns = rotation(self._shape, hidden.device)
        for block in self.blocks.values():
            hidden = block(hidden, turns)
        if self.norm is None or self.head is None:
            return hidden
        tied = self.embedding.weight if self._shape.tied and self.embedding is not None else None
        return self.head(self.norm(hidden), targets, tied)


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(shape.width)
        self.attention = Attention(shape)
        self.feed_norm = RMSNorm(shape.width)
        self.feed = FeedForward(shape)

    def forward(self, hidden: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        hidden = hidden + self.attention(self.attention_norm(hidden), turns)
        return hidden + self.feed(self.feed_norm(hidden))


class Attention(nn.Module):
    """Causal. A group of queries shares a key and a value; the weight's rows are group by group, q … q k v."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._width, self._shared_by = shape.head_width, shape.heads // shape.kv_heads
        rows = shape.kv_heads * (self._shared_by + 2) * self._width
        self.qkv = nn.Linear(shape.width, rows, bias=False)
        self.out = nn.Linear(shape.heads * self._width, shape.width, bias=False)

    def forward(self, hidden: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        groups = self.qkv(hidden).unflatten(-1, (-1, self._shared_by + 2, self._width))  # batch, length, group, …
        if fused is not None and groups.is_cuda:
            q, k, v = fused.turned(groups, *turns, self._shared_by)
        else:
            q, k, v = groups.split((self._shared_by, 1, 1), 3)
            q, k, v = turned(q.flatten(2, 3), turns), turned(k.squeeze(3), turns), v.squeeze(3)
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        mixed = scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=self._shared_by > 1)
        return self.out(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """SwiGLU, Shazeer 2020 (arXiv:2002.05202)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._part = shape.hidden // PARTS
        self.gate_up = nn.Linear(shape.width, 2 * shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        gate_up = self.gate_up(hidden)
        if fused is not None and gate_up.is_cuda:
            return self.down(fused.swiglu(gate_up, self._part))
        gate, up = gate_up.unflatten(-1, (-1, 2, self._part)).unbind(-2)
        return self.down((silu(gate) * up).flatten(-2))


class RMSNorm(nn.Module):
    """In fp32 inside and in the precision of its input outside; torch's own gives fp32 out under autocast."""

    def __init__(self, width: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self._eps = eps
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, hidden: Tensor) -> Tensor:
        exact = hidden.float()
        scaled = exact * torch.rsqrt(exact.pow(2).mean(-1, keepdim=True) + self._eps)
        return (scaled * self.weight).to(hidden.dtype)


class Head(nn.Module):
    """From hidden states to logits at the last position, or to the loss at all; the logits of all are never held.

    weight: None where the embedding's is given to each pass. judge: what it does with them; where each process holds a
    part of every sequence, plan.py puts another here.
    """

    weight: nn.Parameter | None

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        empty = None if shape.tied else nn.Parameter(torch.empty(shape.vocabulary, shape.width))
        self.register_parameter("weight", empty)
        self.judge: Callable[[Tensor, Tensor, Tensor | None], Tensor] = judged

    def forward(self, hidden: Tensor, targets: Tensor | None, tied: Tensor | None = None) -> Tensor:
        weight = self.weight if tied is None else tied
        assert weight is not None  # noqa: S101 - a tied head is given the embedding's
        return self.judge(hidden, weight, targets)


def judged(hidden: Tensor, weight: Tensor, targets: Tensor | None) -> Tensor:
    """The mean loss as one element where there are targets, else the logits at the last position."""
    if targets is None:
        return nn.functional.linear(hidden[:, -1], weight)
    return cross_entropy(hidden.flatten(0, 1), weight, targets.flatten()).reshape(1)


def rotation(shape: Shape, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each position's turn of each pair, as (context, half a head); Su et al. 2021
    (arXiv:2104.09864). Made anew at each pass: a buffer would not survive a start without memory."""
    half = shape.head_width // 2
    speeds = shape.rope_base ** (-torch.arange(half, device=device, dtype=torch.float32) / half)
    angles = torch.outer(torch.arange(shape.context, device=device, dtype=torch.float32), speeds)
    return angles.cos(), angles.sin()


def turned(vectors: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """vectors: (batch, length, heads, head); a pair is one element of the first half and its twin in the second."""
    cos, sin = (table[: vectors.shape[1], None] for table in turns)
    first, second = vectors.float().chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1).to(vectors.dtype)


def initialize(name: str, tensor: Tensor, *, layers: int, generator: torch.Generator | None = None) -> None:
    """Fill one parameter as GPT-2 does: products that add to the residual stream begin smaller the deeper the model."""
    if "norm" in name:
        tensor.fill_(1.0)
    else:
        adds = name.endswith(("out.weight", "down.weight"))
        tensor.normal_(std=0.02 / math.sqrt(2 * layers) if adds else 0.02, generator=generator)


def _in_precision(hidden: Tensor) -> Tensor:
    """The residual stream in autocast's precision: an embedding is not cast by itself, and all sums after it follow."""
    kind = hidden.device.type
    return hidden.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else hidden
