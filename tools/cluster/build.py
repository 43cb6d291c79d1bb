"""The binaries of a Kubernetes control plane, built from the Go modules pinned here, for `make test-cluster`.

`python -m tools.cluster.build` has them whole in the cache and says where. As much as can be real is: etcd, the API
server, the controllers and the scheduler are what a cloud runs. In place of machines there is KWOK, which plays the
kubelets of as many nodes as one likes and starts no container. 8 minutes on 2 cores from nothing, once a version.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway.errors import SlipwayError
from slipway.toolchain import go
from slipway.toolchain.progress import showing
from slipway.toolchain.seal import is_whole, make_once
from tools.cluster.definitions import definitions

_HERE = Path(__file__).resolve().parent
_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")
_KUBERNETES = "k8s.io/component-base/version"


@dataclass(frozen=True, kw_only=True)
class Module:
    """folder: with the go.mod. pin: the module whose version it is called by. packages: by the name of the binary.

    stamps: variables that the linker sets; without them a binary calls itself a development build.
    """

    folder: str
    pin: str
    packages: dict[str, str]
    stamps: dict[str, str]

    @property
    def version(self) -> str:
        """As go.mod pins it, with its v."""
        pinned = re.search(rf"{re.escape(self.pin)} (v\S+)", (_HERE / self.folder / "go.mod").read_text())
        if pinned is None:
            raise AssertionError(f"{self.folder}/go.mod pins no {self.pin}")
        return pinned[1]


MODULES = (
    Module(
        folder="etcd",
        pin="go.etcd.io/etcd/server/v3",
        packages={"etcd": "go.etcd.io/etcd/server/v3"},
        stamps={},
    ),
    Module(
        folder="kube",
        pin="k8s.io/kubernetes",
        packages={
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
        },
        stamps={
            f"{_KUBERNETES}.gitVersion": "{version}",
            f"{_KUBERNETES}.gitMajor": "{major}",
            f"{_KUBERNETES}.gitMinor": "{minor}",
            f"{_KUBERNETES}.gitTreeState": "clean",
        },
    ),
    Module(
        folder="kwok",
        pin="sigs.k8s.io/kwok",
        packages={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        stamps={"sigs.k8s.io/kwok/pkg/consts.Version": "{version}"},
    ),
)


def binaries() -> Path:
    """The folder with all of them, every byte as it was made. Blocks, for minutes where something has to be built.

    Raises ToolchainError without go, or with the compiler's own words.
    """
    if not is_whole(folder()):
        go.find_go("the cluster's binaries are not in the cache", hint="install Go 1.26 or newer")
        make_once(folder(), _fill)
    return folder()


def folder() -> Path:
    """Where this build lies: other versions or other modules are another folder."""
    versions = "-".join(f"{module.folder}{module.version.removeprefix('v')}" for module in MODULES)
    files = [_HERE / module.folder / name for module in MODULES for name in ("go.mod", "go.sum")]
    return go.kept(f"cluster-{versions}", [file.read_bytes() for file in files])


def _fill(into: Path) -> None:
    todo = list(_commands(into))
    for number, (what, module, command) in enumerate(todo, start=1):
        with showing(f"building {what} from its Go modules, once ({number} of {len(todo)})"):
            go.run(command, cwd=_HERE / module.folder)


def _commands(into: Path) -> Iterator[tuple[str, Module, list[str]]]:
    """What is built, in its order, and how."""
    for module in MODULES:
        major, minor, _ = module.version.removeprefix("v").split(".", 2)
        stamps = [
            f"-X {name}={value.format(version=module.version, major=major, minor=minor)}"
            for name, value in module.stamps.items()
        ]
        for name, package in module.packages.items():
            command = ["go", "build", *_FLAGS, "-ldflags", " ".join(["-s -w", *stamps])]
            yield f"{name} {module.version}", module, [*command, "-o", str(into / name), package]


def main() -> int:
    try:
        print(f"cluster binaries in {binaries()}, definitions in {definitions()}")
    except SlipwayError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
