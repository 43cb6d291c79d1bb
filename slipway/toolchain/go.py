"""Go, for what is built from modules that are pinned with their hashes: found, run, and how its products are kept."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from slipway.errors import ToolchainError
from slipway.paths import cache

_DIGITS = 12


def find_go(problem: str, *, hint: str) -> None:
    """Raises ToolchainError where there is no `go`: with what that means here, and what else would do."""
    if shutil.which("go") is None:
        raise ToolchainError(f"{problem}, and there is no `go` to build it with", hint=hint)


def kept(name: str, inputs: Iterable[bytes]) -> Path:
    """Where a build lies in the cache: `name` says the version, and other inputs are another folder."""
    return cache() / f"{name}-{hashlib.sha256(b''.join(inputs)).hexdigest()[:_DIGITS]}"


def run(command: list[str], *, cwd: Path) -> str:
    """What the command prints. Raises ToolchainError with the last of the compiler's words, and prints them all."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        sys.stderr.write(done.stderr)
        last_words = (done.stderr.strip().splitlines() or ["no words"])[-1]
        raise ToolchainError(
            f"{' '.join(command[:3])} failed: {last_words}",
            hint="needs Go 1.26 or newer and a Go module proxy; the compiler's words stand above",
        )
    return done.stdout
