"""Where the queue is, from the environment, and the driver for what the address names."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from services.tasks.retry import Policy
from slipway.errors import SettingsError

if TYPE_CHECKING:  # redis costs a quarter of a second to import: whoever only reads an address does not pay it
    from services.tasks.valkey import ValkeyQueue

URL = "SLIPWAY_QUEUE_URL"
URL_FILE = f"{URL}_FILE"
_OTHERS = 0o007


def queue_url(environment: Mapping[str, str]) -> str:
    """The URL in the file that SLIPWAY_QUEUE_URL_FILE names, else SLIPWAY_QUEUE_URL; empty when neither is set.

    A file is better: an environment is inherited, and shown by more tools. Raises SettingsError when the file cannot be
    read, or may be read by everybody, since the URL carries a password.
    """
    name = environment.get(URL_FILE, "").strip()
    if not name:
        return environment.get(URL, "").strip()
    try:
        with Path(name).open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            url = file.read().strip()
    except OSError as error:
        raise SettingsError(f"{URL_FILE} names {name}, which cannot be read: {error.strerror}") from error
    if mode & _OTHERS:
        raise SettingsError(f"{name} is open to everybody (mode {mode:o})", hint=f"chmod 600 {name}")
    return url


def open_queue(url: str, *, policy: Policy | None = None) -> "ValkeyQueue":
    """The queue at `url`, not connected yet. Raises SettingsError for a URL that names no broker known here."""
    if not _is_known(url):  # nothing of the URL is repeated: it carries a password
        raise SettingsError(f"{URL} names no task queue", hint="use redis://, rediss:// (TLS) or unix://")
    from services.tasks.valkey import ValkeyQueue

    return ValkeyQueue(url, policy=policy)


def _is_known(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "unix" or (parts.scheme in ("redis", "rediss") and bool(parts.hostname) and port != 0)
