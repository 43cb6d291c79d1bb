"""Removing what no state knows: for the command line, after an engine that was killed at the wrong moment.

The engine and this machine can disagree only when an engine died between a create and the writing of its state.
"""

import threading
from collections.abc import Collection
from pathlib import Path

from infra.local.provider import orphans, records
from infra.local.provider.file import Files
from infra.local.provider.layout import Run
from infra.local.provider.service import Services
from infra.local.provider.supervisor import Supervisor

_GRACE_S = 5.0


def sweep(run_folder: Path, keep: Collection[str]) -> list[str]:
    """Remove services and files of a run folder whose ids are not in `keep`, the ids in the stack's state.

    Blocks while services drain. Not beside a running engine: what it is creating is in no state yet.
    Returns the ids removed.
    """
    run = Run(run_folder)
    if not run.root.exists():
        return []
    services = Services(run, threading.Event())
    lost_services = [record.id for record in records.services(run) if record.id not in keep]
    lost_files = [record.id for record in records.files(run) if record.id not in keep]
    for service_id in lost_services:
        services.delete(service_id, None)
    for file_id in lost_files:
        Files(run).delete(file_id, None)
    return lost_services + lost_files


def stop_everything(run_folder: Path) -> int:
    """End supervisord and every process of a run folder, whatever is on record; how many it had to end itself."""
    run = Run(run_folder)
    Supervisor(run).shutdown()
    return orphans.end(run, grace_s=_GRACE_S)
