"""What `.metadata` says, and the part of it that each process leaves for the one that writes it.

The metadata is JSON and carries the hash of its own body, so that a byte of it that is lost or altered shows.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
import torch
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)

METADATA = ".metadata"
FORMAT = 1
_PREFIX = "step-"


class Broken(Exception):  # noqa: N818 - why a checkpoint is left out: the run goes on with the one before
    """This checkpoint is not what was written."""


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """A box of a tensor, and where its bytes lie. offset, lengths: of the box. at, nbytes: in `file`."""

    name: str
    offset: tuple[int, ...]
    lengths: tuple[int, ...]
    file: str
    at: int
    nbytes: int
    sha256: str


class Whole(msgspec.Struct, frozen=True, array_like=True):
    """What a tensor is when all its pieces are joined. dtype: as torch names it, without `torch.`."""

    dtype: str
    size: tuple[int, ...]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """figure: how good the weights were when last judged. attempt: whose files these are, of all that were begun for
    this step. plain: the state without its tensors."""

    format: int
    step: int
    attempt: str
    figure: float | None
    plain: Any
    tensors: dict[str, Whole]
    pieces: tuple[Piece, ...]


class _Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sha256: str
    body: msgspec.Raw


def encode_manifest(manifest: Manifest) -> bytes:
    body = msgspec.json.encode(manifest)
    return msgspec.json.encode(_Envelope(sha256=hashlib.sha256(body).hexdigest(), body=msgspec.Raw(body)))


def decode_manifest(content: bytes | bytearray | memoryview) -> Manifest:
    """Raises Broken."""
    try:
        envelope = msgspec.json.decode(content, type=_Envelope)
        if hashlib.sha256(envelope.body).hexdigest() != envelope.sha256:
            raise Broken(f"{METADATA} does not have its hash")
        manifest = msgspec.json.decode(envelope.body, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Broken(f"{METADATA} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise Broken(f"{METADATA} is of format {manifest.format}, and this version reads {FORMAT}")
    return manifest


def as_metadata(manifest: Manifest) -> Metadata:
    """In torch's words. Its storage data is the piece at each index."""
    tensors = {
        name: TensorStorageMetadata(
            properties=TensorProperties(dtype=dtype(whole)), size=torch.Size(whole.size), chunks=[]
        )
        for name, whole in manifest.tensors.items()
    }
    for piece in manifest.pieces:
        box = ChunkStorageMetadata(offsets=torch.Size(piece.offset), sizes=torch.Size(piece.lengths))
        tensors[piece.name].chunks.append(box)
    return Metadata(
        {**tensors}, storage_data={MetadataIndex(piece.name, piece.offset): piece for piece in manifest.pieces}
    )


def dtype(whole: Whole) -> torch.dtype:
    """Raises Broken when torch has none of that name."""
    found = getattr(torch, whole.dtype, None)
    if not isinstance(found, torch.dtype):
        raise Broken(f"{whole.dtype!r} is no type of tensors")
    return found


def folder_of(step: int) -> str:
    return f"{_PREFIX}{step:09d}"


def steps_in(folders: Iterable[str]) -> set[int]:
    """Of those that are folders of checkpoints, whole or not."""
    names = (name.removeprefix(_PREFIX) for name in folders if name.startswith(_PREFIX))
    return {int(name) for name in names if name.isdecimal()}
