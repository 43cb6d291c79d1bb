"""From text to tokens by bytes. Imports no torch."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from slipway.errors import TrainingError

SEPARATOR = 0
"""A byte that text has none of."""

_CHUNK_BYTES = 1 << 24


def encode(documents: list[str]) -> np.ndarray:
    """The byte tokenizer: UTF-8, each document ended by the separator."""
    return np.frombuffer(b"".join(document.encode() + bytes([SEPARATOR]) for document in documents), dtype=np.uint8)


def write_tokens(files: Sequence[Path], out: Path) -> int:
    """Each file is a document, in this order; however many there are, they pass in pieces. Returns how many tokens.

    `out` is there whole or not at all. Raises TrainingError for what is no text, or cannot be read or written.
    """
    if not files:
        raise TrainingError("there is no text to make tokens of", hint="name files, or folders that hold some")
    half = out.with_name(f".{out.name}.half")
    try:
        count = sum(file.stat().st_size + 1 for file in files)
        with half.open("wb") as target:
            npy.write_array_header_1_0(target, {"descr": "|u1", "fortran_order": False, "shape": (count,)})
            start = target.tell()
            for file in files:
                for piece in _pieces(file):
                    target.write(piece)
                target.write(bytes([SEPARATOR]))
            if target.tell() - start != count:
                raise TrainingError("a file changed while it was read", hint="start again when nothing writes to them")
        half.replace(out)
    except OSError as error:
        raise TrainingError(f"{error.filename or out}: {error.strerror}", hint="tokens were not written") from error
    finally:
        half.unlink(missing_ok=True)
    return count


def documents(places: Sequence[Path]) -> list[Path]:
    """Files as they are named; of a folder all that lie in it, by name, but for hidden ones."""
    return [file for place in places for file in (_within(place) if place.is_dir() else (place,))]


def _within(folder: Path) -> list[Path]:
    found = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts))


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(_CHUNK_BYTES):
            if SEPARATOR in piece:
                raise TrainingError(f"{file} is no text: it holds the byte {SEPARATOR}, which parts documents")
            yield piece
