"""What `up`, `down`, `promote` and `rollback` do to a stack, step by step; the command line only prints it."""

import shutil
from pathlib import Path

from infra.local.provider import stop_everything, sweep
from slipway.engine_events import Outcome, Report
from slipway.errors import EngineError
from slipway.promotion import promoted, rolled_back
from slipway.release import Pin, fetch
from slipway.store import open_store
from slipway.workspace import Workspace


def bring_up(workspace: Workspace, report: Report) -> Outcome:
    """The stack as its settings and its pin say; what an interrupted `up` left behind is removed. Safe to run again."""
    outcome = workspace.stack.up(report)
    sweep(workspace.state.run, keep=workspace.stack.resource_ids())
    return outcome


def bring_down(workspace: Workspace, report: Report, *, purge: bool) -> Outcome:
    """Remove all that runs and all that was written for it; `purge` takes the store with it: releases, runs, tasks.

    Safe to run again, also after an interrupted `up`.
    """
    outcome = workspace.stack.destroy(report)
    workspace.stack.remove()
    stop_everything(workspace.state.run)
    doomed = [workspace.state.root] if purge else [workspace.state.run, workspace.state.releases]
    for folder in doomed:
        shutil.rmtree(folder, ignore_errors=True)
    if not workspace.state.store.exists():
        workspace.set_pin(None)
    return outcome


def promote(workspace: Workspace, *, name: str, digest: str, report: Report) -> Outcome:
    """Serve a release. It is fetched and verified first; when the engine fails, the pin is as it was."""
    store = workspace.state.store_url
    fetch(open_store(store), name, digest, workspace.state.releases)
    return _move(workspace, promoted(workspace.pin, name=name, digest=digest, store=store), report)


def roll_back(workspace: Workspace, report: Report) -> Outcome:
    """Serve the former release again. Raises ReleaseError when there is none."""
    return _move(workspace, rolled_back(workspace.pin), report)


def left_behind(folder: Path) -> int:
    """Bytes below a folder, for saying what a `down` keeps."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _move(workspace: Workspace, pin: Pin, report: Report) -> Outcome:
    """Move the pin and bring the stack up to it; where that fails, both go back, and what was served is served."""
    before = workspace.pin
    workspace.set_pin(pin)
    try:
        return bring_up(workspace, report)
    except EngineError:
        workspace.set_pin(before)
        bring_up(workspace, report)
        raise
    except BaseException:
        workspace.set_pin(before)
        raise
