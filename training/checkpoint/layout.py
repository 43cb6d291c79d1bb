"""What `.metadata` says, and the part of it that each process leaves for the one that writes it.

The metadata is JSON and carries the hash of its own body, so that a byte of it that is lost or altered shows.
"""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import msgspec
import torch
from torch import Tensor
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)

METADATA = ".metadata"
FORMAT = 1

_NOT_FINITE = "\0float"
"""The key that stands for a number JSON does not have; no name of a state begins so."""


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


def split(state: Mapping[str, Any], within: str = "") -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a nested state, by their path, and the state without them, as JSON can hold it."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for key, value in state.items():
        path = f"{within}{key}"
        if isinstance(value, Tensor):
            tensors[path] = value
        elif isinstance(value, Mapping):
            inner, plain[key] = split(value, f"{path}.")  # pyright: ignore[reportUnknownArgumentType]
            tensors |= inner
        else:
            plain[key] = _to_json(value)
    return tensors, plain


def join(state: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors of a nested state, with the plain values that were saved beside them in place of its own."""
    own = {key: value for key, value in state.items() if isinstance(value, Tensor | Mapping)}
    saved = {key: _from_json(value) for key, value in plain.items()}
    return saved | {
        key: value if isinstance(value, Tensor) else join(value, plain.get(key, {})) for key, value in own.items()
    }


def _to_json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {_NOT_FINITE: str(value)}
    if isinstance(value, Mapping):
        return {key: _to_json(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_to_json(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if _NOT_FINITE in value:
            return float(value[_NOT_FINITE])  # pyright: ignore[reportUnknownArgumentType]
        return {key: _from_json(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_from_json(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value
