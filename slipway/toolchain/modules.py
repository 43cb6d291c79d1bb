"""The engine built from the Go modules pinned in tools/pulumi; its Python host is ours, in tools/language_host.

For machines that reach a Go module proxy but not Pulumi's downloads. 4 to 6 minutes on 2 cores, once a version.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from slipway.errors import ToolchainError
from slipway.paths import PROJECT, cache
from slipway.toolchain.engine import VERSION, Engine, accept
from slipway.toolchain.progress import showing
from slipway.toolchain.seal import is_whole, making

_SOURCES = PROJECT / "tools" / "pulumi"
_COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_EXEC = "pulumi-language-python-exec"  # starts a program; Pulumi ships it in its SDK module, not as a package


def folder() -> Path:
    """Where this build lies: another version or other modules are another folder."""
    modules = (_SOURCES / "go.mod").read_bytes() + (_SOURCES / "go.sum").read_bytes()
    return cache() / f"pulumi-{VERSION}-{hashlib.sha256(modules).hexdigest()[:12]}"


def cached() -> Engine | None:
    """The build, when it is there and every byte of it is as it was made."""
    return Engine(executable=folder() / "pulumi", version=VERSION, origin="modules") if is_whole(folder()) else None


def build() -> Engine:
    """Build the engine into the cache. Raises ToolchainError without go, or with the compiler's own words."""
    go = shutil.which("go")
    if go is None:
        raise ToolchainError(
            "Pulumi could not be downloaded, and there is no `go` to build it with",
            hint=f"install Pulumi {VERSION} or newer (https://www.pulumi.com/docs/install), or Go 1.26 or newer",
        )
    with (
        showing(f"building Pulumi {VERSION} from its Go modules, once: 4 to 6 minutes on 2 cores"),
        making(folder()) as staging,
    ):
        stamp = f"-s -w -X {_SDK}/go/common/version.Version=v{VERSION}"
        _run([go, "build", "-trimpath", "-mod=readonly", "-ldflags", stamp, "-o", str(staging / "pulumi"), _COMMAND])
        sdk = _run([go, "list", "-m", "-f", "{{.Dir}}", _SDK]).strip()
        shutil.copyfile(Path(sdk) / "python" / "cmd" / _EXEC, staging / _EXEC)
        (staging / _EXEC).chmod(0o755)
        accept(staging / "pulumi", "modules")
    return Engine(executable=folder() / "pulumi", version=VERSION, origin="modules")


def _run(command: list[str]) -> str:
    done = subprocess.run(
        command,
        cwd=_SOURCES,
        env=os.environ | {"CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise ToolchainError(
            f"{' '.join(command[:3])} failed: {done.stderr.strip().splitlines()[-1:] or 'no words'}",
            hint="needs Go 1.26 or newer and a Go module proxy; the compiler's words stand above",
        )
    return done.stdout
