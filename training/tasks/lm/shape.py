"""The sizes of a decoder, from one that a test trains in seconds to one that needs a node. Imports no torch."""

from dataclasses import dataclass

_BYTES = 256


@dataclass(frozen=True, kw_only=True)
class Shape:
    """heads: of queries; kv_heads: of keys and values, which queries share in groups. context: tokens in a row.

    hidden: width inside the feed-forward layers. tied: the embedding's table is the head's too.
    rope_base: the slowest rotation; longer contexts want a larger one.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    hidden: int
    vocabulary: int = _BYTES
    context: int = 1024
    tied: bool = False
    rope_base: float = 10_000.0

    @property
    def head_width(self) -> int:
        return self.width // self.heads

    @property
    def multiplied(self) -> int:
        """Parameters that each token is multiplied with: all but the norms and, unless it is tied, the embedding."""
        attention = self.width * self.head_width * 2 * (self.heads + self.kv_heads)
        return self.layers * (attention + 3 * self.width * self.hidden) + self.width * self.vocabulary

    @property
    def parameters(self) -> int:
        embedding = 0 if self.tied else self.width * self.vocabulary
        return self.multiplied + embedding + self.width * (2 * self.layers + 1)

    @property
    def flops_per_token(self) -> float:
        """Forward and backward, attention counted causal: 6 a parameter and 6 * layers * context * width.

        Narayanan et al. 2021 (arXiv:2104.04473) count it so, with the full square of attention; half is masked here.
        Nothing that is computed twice to save memory counts.
        """
        return 6.0 * self.multiplied + 6.0 * self.layers * self.context * self.heads * self.head_width


SIZES = {
    "1m": Shape(layers=5, width=128, heads=4, kv_heads=2, hidden=352, context=128),
    "15m": Shape(layers=8, width=384, heads=6, kv_heads=6, hidden=1024, context=512),
    # GPT-2's size with heads twice as wide: as many multiplications, in a form that takes half the time on a GPU
    "124m": Shape(layers=12, width=768, heads=6, kv_heads=6, hidden=2048, vocabulary=50_304, tied=True),
    "1b": Shape(layers=24, width=2048, heads=16, kv_heads=16, hidden=5376, vocabulary=32_000, context=2048),
    "3b": Shape(layers=26, width=3072, heads=24, kv_heads=8, hidden=8192, vocabulary=32_000, context=2048),
    "8b": Shape(
        layers=32,
        width=4096,
        heads=32,
        kv_heads=8,
        hidden=14_336,
        vocabulary=128_256,
        context=8192,
        rope_base=500_000.0,
    ),
}
