"""Whether this machine can run a service: what checks can only ask the file system and the kernel."""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from infra.local.provider.layout import Run, make_folder
from infra.local.provider.spec import Failure, ServiceSpec
from infra.local.provider.values import holds_unknown
from slipway.errors import SlipwayError


def machine_problems(spec: ServiceSpec, run: Run | None) -> Iterator[Failure]:
    """What is missing. What lies in the run folder is not looked for: another resource may write it first."""
    executable = spec.argv[0]
    if not (holds_unknown(executable) or _inside(executable, run)) and not find_executable(spec):
        reason = "is not executable" if Path(executable).is_file() else "there is no such executable"
        yield Failure(path="argv[0]", reason=f"{executable}: {reason}")
    folder = spec.working_folder
    if folder is not None and not _inside(folder, run) and not Path(folder).is_dir():
        yield Failure(path="working_folder", reason=f"{folder}: there is no such folder")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard not in (resource.RLIM_INFINITY, -1) and spec.limits.open_files > hard:
        reason = f"{spec.limits.open_files} is above this machine's hard limit of {hard} (ulimit -Hn)"
        yield Failure(path="limits.open_files", reason=reason)


def prepare(spec: ServiceSpec, run: Run) -> None:
    """Before a service is started: its folders are there and so is its executable. Raises SlipwayError."""
    if spec.working_folder is not None and _inside(spec.working_folder, run):
        make_folder(Path(spec.working_folder))
    if failure := next(machine_problems(spec, None), None):
        raise SlipwayError(f"{failure.path}: {failure.reason}")


def find_executable(spec: ServiceSpec) -> str | None:
    """Where argv[0] is, as the slot's shell will look for it."""
    path = spec.environment.get("PATH", os.environ.get("PATH", os.defpath))
    executable = spec.argv[0]
    if os.sep in executable and not Path(executable).is_absolute():
        executable = str(Path(spec.working_folder or ".") / executable)
    return shutil.which(executable, path=path)


def _inside(path: str, run: Run | None) -> bool:
    return run is not None and Path(path).is_absolute() and Path(path).is_relative_to(run.root)
