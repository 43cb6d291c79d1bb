"""The same decoder as one writes it without thinking of speed: what the trainer is measured beside.

Three projections for queries, keys and values, two for gate and up, torch's own norm, logits of all tokens at once.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.tasks.lm.shape import Shape


class PlainDecoder(nn.Module):
    """Takes tokens and targets, gives the mean loss."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(_Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        if shape.tied:
            self.head.weight = self.embedding.weight
        half = shape.head_width // 2
        angles = torch.outer(torch.arange(shape.context), shape.rope_base ** (-torch.arange(half) / half))
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, tokens: Tensor, targets: Tensor) -> Tensor:
        hidden = self.embedding(tokens)
        for block in self.blocks:
            hidden = block(hidden, self.cos, self.sin)
        logits = self.head(self.norm(hidden))
        return functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())


class _Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape
        queries, keys = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
        self.attention_norm = nn.RMSNorm(shape.width)
        self.q = nn.Linear(shape.width, queries, bias=False)
        self.k = nn.Linear(shape.width, keys, bias=False)
        self.v = nn.Linear(shape.width, keys, bias=False)
        self.out = nn.Linear(queries, shape.width, bias=False)
        self.feed_norm = nn.RMSNorm(shape.width)
        self.gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, hidden: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        normed = self.attention_norm(hidden)
        q, k, v = (
            p(normed).unflatten(-1, (-1, self._shape.head_width)).transpose(1, 2) for p in (self.q, self.k, self.v)
        )
        gqa = self._shape.kv_heads < self._shape.heads
        q, k = _turned(q, cos, sin), _turned(k, cos, sin)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=gqa)
        hidden = hidden + self.out(mixed.transpose(1, 2).flatten(2))
        normed = self.feed_norm(hidden)
        return hidden + self.down(functional.silu(self.gate(normed)) * self.up(normed))


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1).to(x.dtype)
