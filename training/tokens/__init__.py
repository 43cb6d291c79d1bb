"""Text as tokens that lie in a file or a bucket: rows are cut from it as steps want them.

A token file is a one-dimensional .npy of unsigned integers, documents one behind the other with a separator between
them: packed, so that no token is padding. Rows are its even cuts; a row may hold the end of one document and the start
of another, and attention does not stop at the separator: models are commonly trained so, and learn to heed it.

`python -m training.tokens` writes one from text, by bytes. Tokens of any other tokenizer are as welcome: `numpy.save`
writes them. No tokenizer is learnt here.
"""

from training.tokens.rows import Sequences, sequences
from training.tokens.source import ArrayTokens, Tokens, open_tokens
from training.tokens.text import SEPARATOR, encode, write_tokens

__all__ = [
    "SEPARATOR",
    "ArrayTokens",
    "Sequences",
    "Tokens",
    "encode",
    "open_tokens",
    "sequences",
    "write_tokens",
]
