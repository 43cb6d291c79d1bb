"""Where the provider keeps what: one run folder per stack, private to its user, gone when the last resource is."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from slipway.errors import SlipwayError

_FOLDER_MODE = 0o700
_SOCKET_PATH_MAX = 90
"""sun_path holds 104 bytes on macOS, 108 on Linux; supervisord binds under a temporary name with its pid appended."""
_GLOB = frozenset("*?[")


@dataclass(frozen=True)
class Run:
    """The run folder: slipway.paths.State.run, which the Provider resource names."""

    root: Path

    @property
    def supervisor(self) -> Path:
        return self.root / "supervisor"

    @property
    def socket(self) -> Path:
        return self.supervisor / "supervisor.sock"

    @property
    def services(self) -> Path:
        return self.root / "services"

    @property
    def files(self) -> Path:
        """Records of File resources; the files themselves lie where their paths say."""
        return self.root / ".files"

    @property
    def key(self) -> Path:
        return self.services / "key"

    def service(self, service_id: str) -> Path:
        return self.services / service_id

    def logs(self, service_id: str) -> Path:
        return self.service(service_id) / "logs"

    def log(self, service_id: str, slot: int) -> Path:
        return self.logs(service_id) / f"slot-{slot}.log"

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """One at a time among all providers of this run folder: ports are chosen and supervisord is told under it.

        Held for milliseconds, never while a service starts or drains.
        """
        file = self.root / ".lock"
        while True:
            make_folder(self.root)
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if not _is(descriptor, file):
                    continue  # whoever held it before removed the run folder: this lock is on nothing
                yield
                return
            finally:
                os.close(descriptor)

    def tidy(self) -> None:
        """Remove what is empty, and the run folder itself with its last resource. Call it under the lock."""
        for folder in (self.services, self.files):
            _remove_empty(folder)
        if not self.supervisor.exists() and {entry.name for entry in self.root.iterdir()} == {".lock"}:
            (self.root / ".lock").unlink()
            _remove_empty(self.root)


def path_problem(root: str) -> str | None:
    """Why a run folder cannot be at `root`, or None."""
    if not Path(root).is_absolute():
        return f"{root!r} is not absolute; the provider's working folder is not the program's"
    if set(root) & _GLOB:
        return f"{root!r} holds one of * ? [, which supervisord's include takes for a pattern"
    if (length := len(os.fsencode(Run(Path(root)).socket))) > _SOCKET_PATH_MAX:
        return (
            f"the socket below {root!r} has a path of {length} bytes, above {_SOCKET_PATH_MAX}; choose a shorter folder"
        )
    return None


def make_folder(folder: Path) -> None:
    """The folder and what is missing above it, for its user alone. Raises SlipwayError when it cannot be."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    try:
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise SlipwayError(f"{folder} cannot be made: {error.strerror}") from error


def write(file: Path, content: str, *, mode: int = 0o600) -> None:
    """Replace a file whole, by a rename within its folder: who reads or watches it sees the old or the new one.

    Raises SlipwayError when it cannot be written (no space, no permission).
    """
    try:
        make_folder(file.parent)
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name[:64]}.", dir=file.parent)
    except OSError as error:
        raise SlipwayError(f"{file} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(content)
            os.fchmod(descriptor, mode)
        os.replace(name, file)  # noqa: PTH105 - the name comes from mkstemp
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise SlipwayError(
            f"{file} cannot be written: {error.strerror}", hint="look at free space and permissions"
        ) from error


def _is(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
