"""CustomResourceDefinitions of what a cluster may have besides Kubernetes, out of modules that their makers publish.

With them the API server judges our objects by the makers' own schemas; no controller of theirs runs in the tests.
"""

import shutil
from pathlib import Path

import msgspec

from slipway.toolchain import go
from slipway.toolchain.seal import is_whole, make_once

_SOURCES = Path(__file__).resolve().parent / "crds"
_FOLDERS = {
    "github.com/kedacore/keda/v2": "config/crd/bases",
    "github.com/prometheus-operator/prometheus-operator": "example/prometheus-operator-crd",
    "sigs.k8s.io/gateway-api": "config/crd/standard",
}
"""Where each module has them."""


class _Module(msgspec.Struct):
    """As `go mod download -json` tells of one; Dir is empty when Error is not."""

    Path: str
    Dir: str = ""


def definitions() -> Path:
    """The folder with all of them, one YAML file each, every byte as published.

    Raises ToolchainError without go, or when a module is not what go.sum says.
    """
    if not is_whole(folder()):
        go.find_go("the cluster's definitions are not in the cache", hint="install Go 1.26 or newer")
        make_once(folder(), _fill)
    return folder()


def folder() -> Path:
    inputs = [(_SOURCES / name).read_bytes() for name in ("go.mod", "go.sum")]
    return go.kept("cluster-definitions", inputs)


def _fill(into: Path) -> None:
    said = go.run(["go", "mod", "download", "-json", *_FOLDERS], cwd=_SOURCES)
    for module in msgspec.json.decode(b"[%s]" % said.replace("}\n{", "},\n{").encode(), type=list[_Module]):
        for file in sorted((Path(module.Dir) / _FOLDERS[module.Path]).glob("*.yaml")):
            shutil.copyfile(file, into / file.name)
