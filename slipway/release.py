"""A release: the immutable, content-addressed bundle in which training, serving and promotion meet.

Training writes one, services load it, infra pins its digest, promotion moves the pin. Nothing else passes between
them. In a store it is the folder `releases/<name>/<digest>/`: the model's files first, `release.json` last, so a
folder without `release.json` is not a release. The digest covers `release.json`, which holds the hash of every file.
"""

import hashlib
import platform
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from slipway.errors import ReleaseError
from slipway.signature import Signature

if TYPE_CHECKING:  # a replica loads its release from a folder and never pays for this import
    from obstore.store import ObjectStore

SCHEMA_VERSION = 1
MANIFEST = "release.json"
MODEL = "model.onnx"
GOLDEN = "golden.npz"
"""Rows of the evaluation data with the trainer's own answers: what a server must reproduce before it is ready."""

_HASH_CHUNK = 1 << 20


class Hardware(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the metrics were measured on."""

    machine: str
    accelerator: str = "cpu"
    world_size: int = 1


class Release(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `release.json`. There is no time in it: the same inputs make the same release.

    name: the task; version: what its authors call it; data_digest: sha256 over the data it was trained and judged on;
    metrics: on the evaluation data; images: digest by image name, where images were built; files: sha256 by name.
    """

    name: str
    version: str
    git_commit: str
    data_digest: str
    metrics: dict[str, float]
    signature: Signature
    hardware: Hardware
    files: dict[str, str]
    images: dict[str, str] = {}
    schema_version: int = SCHEMA_VERSION

    @property
    def digest(self) -> str:
        """sha256 of the canonical manifest, 64 hex digits; the release's address."""
        return hashlib.sha256(self.encode()).hexdigest()

    @property
    def short(self) -> str:
        """For people: the first 12 hex digits of the digest."""
        return self.digest[:12]

    def encode(self) -> bytes:
        """The canonical manifest: what a reader of it would write again, so a bound given as 0 is the bound 0.0."""
        read = msgspec.json.decode(msgspec.json.encode(self), type=Release)
        return msgspec.json.encode(read, order="deterministic")


class Pin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The release that a stack serves, and the one it served before, for a rollback."""

    name: str
    digest: str
    store: str
    former: "Pin | None" = None


def sha256(file: Path) -> str:
    """Hash of a file's content as `sha256:<hex>`."""
    hasher = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_HASH_CHUNK):
            hasher.update(chunk)
    return f"sha256:{hasher.hexdigest()}"


def describe_machine() -> str:
    return f"{platform.system()} {platform.machine()}".lower()


def publish(store: "ObjectStore", folder: Path, release: Release) -> Release:
    """Write `release` with the files of `folder` to the store; a release that is there already is left as it is.

    Raises ReleaseError when a file differs from the hash that the release gives for it.
    """
    _verify(folder, release)
    prefix = _prefix(release.name, release.digest)
    for name in sorted(release.files):
        store.put(f"{prefix}/{name}", folder / name)
    store.put(f"{prefix}/{MANIFEST}", release.encode())
    return release


def fetch(store: "ObjectStore", name: str, digest: str, into: Path) -> Path:
    """Bring a release to `into/<digest>`, verified, and return that folder; a copy that verifies is not fetched again.

    Raises ReleaseError when the store has no such release or its content does not match the digest.
    """
    target = into / digest
    if target.exists():
        load(target, digest)
        return target
    into.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{digest[:12]}-", dir=into))
    try:
        prefix = _prefix(name, digest)
        manifest = _get(store, f"{prefix}/{MANIFEST}")
        (staging / MANIFEST).write_bytes(manifest)
        for file in _decode(manifest, digest).files:
            (staging / file).write_bytes(_get(store, f"{prefix}/{file}"))
        load(staging, digest)
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def load(folder: Path, digest: str) -> Release:
    """The release in a local folder, every byte verified against `digest`.

    Raises ReleaseError when it is missing, altered, incomplete or of another schema.
    """
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise ReleaseError(
            f"no release at {folder}: {error.strerror}", hint="train one with `slipway train`"
        ) from error
    release = _decode(manifest, digest)
    _verify(folder, release)
    return release


def find(store: "ObjectStore") -> list[tuple[str, str]]:
    """Name and digest of every complete release, in no order."""
    paths = (Path(entry["path"]) for batch in store.list("releases/") for entry in batch)
    return [(path.parent.parent.name, path.parent.name) for path in paths if path.name == MANIFEST]


def read_manifest(store: "ObjectStore", name: str, digest: str) -> Release:
    """What a release says of itself, without its files. Raises ReleaseError."""
    return _decode(_get(store, f"{_prefix(name, digest)}/{MANIFEST}"), digest)


def hashes(folder: Path) -> Mapping[str, str]:
    """sha256 by name of every file in a folder that is to become a release."""
    return {file.name: sha256(file) for file in sorted(folder.iterdir()) if file.is_file()}


def read_pin(file: Path) -> Pin | None:
    """The pin in `file`, or None where nothing was promoted yet. Raises ReleaseError for a file that is no pin."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Pin)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise ReleaseError(f"{file} is no release pin: {error}", hint="write it with `slipway promote`") from error


def write_pin(file: Path, pin: Pin) -> None:
    """Replace the pin whole: a reader sees the former one or the new one, never a part."""
    file.parent.mkdir(parents=True, exist_ok=True)
    staging = file.with_suffix(".tmp")
    staging.write_bytes(msgspec.json.format(msgspec.json.encode(pin), indent=2) + b"\n")
    staging.replace(file)


def _prefix(name: str, digest: str) -> str:
    return f"releases/{name}/{digest}"


def _get(store: "ObjectStore", path: str) -> bytes:
    try:
        return bytes(store.get(path).bytes())
    except FileNotFoundError as error:
        raise ReleaseError(f"the store has no {path}", hint="list releases with `slipway releases`") from error


def _decode(manifest: bytes, digest: str) -> Release:
    actual = hashlib.sha256(manifest).hexdigest()
    if actual != digest:
        raise ReleaseError(f"release {digest[:12]} was altered: its manifest hashes to {actual[:12]}")
    try:
        release = msgspec.json.decode(manifest, type=Release)
    except msgspec.DecodeError as error:
        raise ReleaseError(f"release {digest[:12]} cannot be read: {error}") from error
    if release.schema_version != SCHEMA_VERSION:
        raise ReleaseError(
            f"release {digest[:12]} has schema {release.schema_version}, this Slipway reads {SCHEMA_VERSION}",
            hint="use the Slipway that wrote it, or train again",
        )
    return release


def _verify(folder: Path, release: Release) -> None:
    for name, expected in release.files.items():
        if Path(name).name != name:
            raise ReleaseError(f"release {release.short} names a file outside its folder: {name!r}")
        if not (folder / name).is_file():
            raise ReleaseError(f"release {release.short} is incomplete: {name} is missing")
        if sha256(folder / name) != expected:
            raise ReleaseError(f"release {release.short} was altered: {name} does not match its hash")
