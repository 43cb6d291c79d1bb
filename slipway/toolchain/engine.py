"""What an engine is, and whether one will do."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from slipway.errors import ToolchainError
from slipway.paths import cache

VERSION = "3.259.0"
"""The engine that Slipway is proven with, and the least it takes from PATH; the Python SDK in locks/ is the same."""

HOST = "pulumi-language-python"

Origin = Literal["path", "release", "modules"]

_VERSION_TIMEOUT_S = 20


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine that answers."""

    executable: Path
    version: str
    origin: Origin


def on_path() -> Engine | None:
    """The user's own engine, when it is recent enough and has its Python host beside it or on PATH.

    One from the cache, which `slipway env` puts on PATH, is not the user's: its hashes are to be checked.
    """
    found = shutil.which("pulumi")
    if found is None or Path(found).is_relative_to(cache()):
        return None
    executable = Path(found)
    if shutil.which(HOST) is None and not (executable.resolve().parent / HOST).exists():
        return None
    version = version_of(executable)
    if version is None or not is_recent_enough(version):
        return None
    return Engine(executable=executable, version=version, origin="path")


def version_of(executable: Path) -> str | None:
    """What `pulumi version` prints, without its v; None when it does not run."""
    try:
        said = subprocess.run([executable, "version"], capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip().removeprefix("v") if said.returncode == 0 else None


def is_recent_enough(version: str) -> bool:
    """Same major version, at least VERSION. A development build of the same numbers is older than its release."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)(-.*)?$", version)
    if numbers is None:
        return False
    have = tuple(int(part) for part in numbers.groups()[:3])
    want = tuple(int(part) for part in VERSION.split("."))
    return have[0] == want[0] and (have > want or (have == want and numbers[4] is None))


def accept(executable: Path, origin: Origin) -> Engine:
    """An engine that was just made, once it says the version it should. Raises ToolchainError."""
    version = version_of(executable)
    if version != VERSION:
        raise ToolchainError(
            f"{executable} says it is version {version}, not {VERSION}", hint="delete it and try again"
        )
    return Engine(executable=executable, version=version, origin=origin)
