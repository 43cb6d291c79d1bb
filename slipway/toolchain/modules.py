"""The engine built from the Go modules pinned in tools/pulumi; its Python host is ours, in language_host.

For machines that reach a Go module proxy but not Pulumi's downloads. 4 to 6 minutes on 2 cores, once a version.
"""

import shutil
import sys
from pathlib import Path

from slipway.paths import PROJECT
from slipway.toolchain import go
from slipway.toolchain.engine import HOST, VERSION, Engine, accept
from slipway.toolchain.progress import showing
from slipway.toolchain.seal import is_whole, make_once

_SOURCES = PROJECT / "tools" / "pulumi"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_EXEC = "pulumi-language-python-exec"  # starts a program; Pulumi ships it in its SDK module, not as a package

# The cache serves every clone, so it holds no code of one: what runs is that of the clone whose environment comes first
# on the engine's PATH. It lies beside the engine, which warns its users of a host from elsewhere on PATH.
_STARTER = '#!/bin/sh\nexec python3 -m slipway.toolchain.language_host "$@"\n'


def folder() -> Path:
    """Where this build lies: another version, other modules or another starter are another folder."""
    inputs = [(_SOURCES / "go.mod").read_bytes(), (_SOURCES / "go.sum").read_bytes(), _STARTER.encode()]
    return go.kept(f"pulumi-{VERSION}", inputs)


def cached() -> Engine | None:
    """The build, when it is there and every byte of it is as it was made."""
    return _engine() if is_whole(folder()) else None


def build() -> Engine:
    """Build the engine into the cache. Raises ToolchainError without go, or with the compiler's own words."""
    go.find_go(
        "Pulumi could not be downloaded",
        hint=f"install Pulumi {VERSION} or newer (https://www.pulumi.com/docs/install), or Go 1.26 or newer",
    )
    with showing(f"building Pulumi {VERSION} from its Go modules, once: 4 to 6 minutes on 2 cores"):
        make_once(folder(), _fill)
    return _engine()


def _engine() -> Engine:
    return Engine(executable=folder() / "pulumi", version=VERSION, origin="modules")


def _fill(into: Path) -> None:
    go.run([sys.executable, str(_SOURCES / "compile.py"), str(into / "pulumi")], cwd=_SOURCES)
    sdk = go.run(["go", "list", "-m", "-f", "{{.Dir}}", _SDK], cwd=_SOURCES).strip()
    shutil.copyfile(Path(sdk) / "python" / "cmd" / _EXEC, into / _EXEC)
    (into / HOST).write_text(_STARTER)
    for script in (_EXEC, HOST):
        (into / script).chmod(0o755)
    accept(into / "pulumi", "modules")
