"""Pulumi's own release, downloaded and checked against the checksums that Pulumi publishes beside it."""

import hashlib
import io
import platform
import tarfile
from pathlib import Path

from slipway.errors import ToolchainError
from slipway.paths import cache
from slipway.toolchain.engine import VERSION, Engine, accept
from slipway.toolchain.progress import showing
from slipway.toolchain.seal import is_whole, make_once

_BASE = f"https://github.com/pulumi/pulumi/releases/download/v{VERSION}"
_CHECKSUMS = f"pulumi-{VERSION}-checksums.txt"
_CONNECT_S, _READ_S = 5.0, 30.0
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def folder() -> Path:
    return cache() / f"pulumi-{VERSION}-release"


def cached() -> Engine | None:
    """The download of another day, when every byte of it is as it was."""
    return Engine(executable=folder() / "pulumi", version=VERSION, origin="release") if is_whole(folder()) else None


def download() -> Engine | None:
    """Bring the release into the cache; None where it cannot be reached or is not made for this machine.

    Raises ToolchainError when what came does not match its checksum: then somebody should look.
    """
    import httpx  # 0.2 s, which a machine that has its engine need not spend

    archive = archive_name(platform.system(), platform.machine())
    if archive is None:
        return None
    timeout = httpx.Timeout(_READ_S, connect=_CONNECT_S)
    try:
        with showing(f"downloading Pulumi {VERSION}"), httpx.Client(timeout=timeout, follow_redirects=True) as client:
            checksums = client.get(f"{_BASE}/{_CHECKSUMS}").raise_for_status().text
            content = client.get(f"{_BASE}/{archive}").raise_for_status().content
    except httpx.HTTPError:
        return None
    check(archive, content, checksums)
    make_once(folder(), lambda into: _fill(into, content))
    return Engine(executable=folder() / "pulumi", version=VERSION, origin="release")


def archive_name(system: str, machine: str) -> str | None:
    """The archive for an operating system and a processor as `platform` names them; None where there is none."""
    cpu = _MACHINES.get(machine.lower())
    if system not in ("Linux", "Darwin") or cpu is None:
        return None
    return f"pulumi-v{VERSION}-{system.lower()}-{cpu}.tar.gz"


def check(archive: str, content: bytes, checksums: str) -> None:
    """Raises ToolchainError unless `checksums` (sha256 and name, a line each) vouches for `content`."""
    if f"{hashlib.sha256(content).hexdigest()}  {archive}" not in checksums.splitlines():
        raise ToolchainError(
            f"the download of {archive} does not match its published checksum",
            hint="something between here and Pulumi changes downloads; install Pulumi by other means",
        )


def _fill(into: Path, content: bytes) -> None:
    """The archive's one folder, flat: executables only, each by its own name."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            source = archive.extractfile(member) if member.isfile() else None
            if source is not None:
                target = into / Path(member.name).name
                target.write_bytes(source.read())
                target.chmod(0o755)
    accept(into / "pulumi", "release")
