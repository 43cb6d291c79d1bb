"""Compiles the Pulumi engine from the modules pinned here: `compile.py OUT`. Needs go and the standard library only.

`compile.py --ahead` only fills Go's own build cache, where that will be needed: `make` starts it while the environment
installs, so that a first `make up` need not do one after the other. A second compilation waits for the first,
and is then a matter of seconds.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_STAMP = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_RELEASES = "https://github.com/pulumi/pulumi/releases"
_REACHED_S = 5


def main(arguments: list[str]) -> int:
    if arguments == ["--ahead"]:
        return compile_to(os.devnull) if will_be_needed() else 0
    return compile_to(arguments[0])


def compile_to(out: str) -> int:
    """One compilation at a time on this machine; go's exit code."""
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True)
    command = ["go", "build", "-trimpath", "-mod=readonly", "-ldflags", f"-s -w -X {_STAMP}={version()}", "-o", out]
    with (cache / ".compile.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.run([*command, _COMMAND], cwd=_HERE, env=os.environ | {"CGO_ENABLED": "0"}).returncode


def version() -> str:
    """The engine's version, as go.mod pins it; without this stamp an engine calls itself a development build."""
    pinned = re.search(r"github\.com/pulumi/pulumi/pkg/v3 (v\S+)", (_HERE / "go.mod").read_text())
    if pinned is None:
        sys.exit("go.mod pins no engine")
    return pinned[1]


def will_be_needed() -> bool:
    """No engine here, none to be downloaded, and a compiler."""
    if shutil.which("pulumi") or not shutil.which("go") or any(_cache().glob("pulumi-*/pulumi")):
        return False
    try:
        urllib.request.urlopen(_RELEASES, timeout=_REACHED_S).close()
    except (urllib.error.URLError, OSError):
        return True
    return False


def _cache() -> Path:
    """As slipway.paths.cache; this runs before the environment is there."""
    return Path(os.environ.get("SLIPWAY_CACHE") or Path.home() / ".cache" / "slipway")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
