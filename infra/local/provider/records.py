"""One record for each resource that the provider has or is making: how an interrupted run is found again.

The engine's state is the truth about what a stack has. A record is what this machine knows besides: which ports a
service was given, and whether its creation came to an end. Records hold inputs, secrets among them, so they are
private files; they are written whole.
"""

import contextlib
import hashlib
import hmac
import json
import re
import secrets
import shutil
from collections.abc import Mapping
from typing import Any

import msgspec
import psutil

from infra.local.provider.layout import Run, write

_NAME_MAX = 48
_DIGEST = 8
_KEY_BYTES = 32


class ServiceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """incarnation: renewed by each create, so that a delete of an older one, which the engine may do last, spares this.
    creating_pid: the provider that has not yet seen the service healthy, or None. rendered: sha256 over the files that
    supervisord and the slots were given."""

    id: str
    urn: str
    inputs: dict[str, Any]
    ports: tuple[int, ...]
    incarnation: str
    creating_pid: int | None
    rendered: str

    @property
    def ready(self) -> bool:
        return self.creating_pid is None

    @property
    def abandoned(self) -> bool:
        """Its creation was interrupted: nobody works on it and no state knows it."""
        return self.creating_pid is not None and not psutil.pid_exists(self.creating_pid)


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """path: absolute. inputs are kept for an import; secret: whether content was given as one."""

    id: str
    urn: str
    path: str
    inputs: dict[str, Any]
    incarnation: str
    secret: bool


def new_incarnation() -> str:
    return secrets.token_hex(8)


def physical_id(name: str, urn: str, inputs: Mapping[str, Any], key: bytes) -> str:
    """`<name>-<8 hex>`: the same for the same inputs in one run folder, so that an interrupted create is found again.

    Keyed, because inputs may hold a secret short enough to be guessed from a plain hash.
    """
    document = json.dumps([urn, inputs], sort_keys=True).encode()
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.")[:_NAME_MAX] or "resource"
    return f"{slug}-{hmac.new(key, document, hashlib.sha256).hexdigest()[:_DIGEST]}"


def key(run: Run) -> bytes:
    """The run folder's own key, made at its first use. Call it under the lock."""
    if not run.key.exists():
        write(run.key, secrets.token_hex(_KEY_BYTES))
    return bytes.fromhex(run.key.read_text())


def find_service(run: Run, service_id: str) -> ServiceRecord | None:
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((run.service(service_id) / "record.json").read_bytes(), type=ServiceRecord)
    return None


def services(run: Run) -> list[ServiceRecord]:
    found = (find_service(run, folder.parent.name) for folder in sorted(run.services.glob("*/record.json")))
    return [record for record in found if record is not None]


def write_service(run: Run, record: ServiceRecord) -> None:
    write(run.service(record.id) / "record.json", msgspec.json.encode(record).decode())


def remove_service(run: Run, service_id: str) -> None:
    """With all that lies in its folder, the record first: without it the folder is nobody's."""
    (run.service(service_id) / "record.json").unlink(missing_ok=True)
    shutil.rmtree(run.service(service_id), ignore_errors=True)


def find_file(run: Run, file_id: str) -> FileRecord | None:
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((run.files / f"{file_id}.json").read_bytes(), type=FileRecord)
    return None


def files(run: Run) -> list[FileRecord]:
    found = (find_file(run, record.stem) for record in sorted(run.files.glob("*.json")))
    return [record for record in found if record is not None]


def write_file(run: Run, record: FileRecord) -> None:
    write(run.files / f"{record.id}.json", msgspec.json.encode(record).decode())


def remove_file(run: Run, file_id: str) -> None:
    (run.files / f"{file_id}.json").unlink(missing_ok=True)
