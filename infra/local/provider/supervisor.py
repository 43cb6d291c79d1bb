"""The one supervisord of a run folder: started when the first service needs it, stopped with the last.

It outlives the engine and the provider: a session of its own, no terminal, a clean environment. What it runs is
rendered elsewhere; whoever changes it holds the run folder's lock.
"""

import contextlib
import os
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

import psutil

from infra.local.provider import orphans
from infra.local.provider.layout import Run, make_folder, write
from infra.local.provider.rendering import SUPERVISORD
from slipway.errors import SlipwayError
from slipway.slots import Slot, connect, slots

_SCRIPT = Path(__file__).parent / "daemon" / "slipway_supervisord.py"
_START_S = 20.0  # 0.3 s on two idle cores
_STOP_S = 20.0
_POLL_S = 0.02
_ORPHAN_GRACE_S = 5.0

_INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
"""All that services see of the environment of whoever ran `up` first; the engine's holds the stack's passphrase."""

_ALREADY_ADDED, _BAD_NAME, _STILL_RUNNING = 90, 10, 91
"""supervisor/xmlrpc.py: Faults."""


class Supervisor:
    def __init__(self, run: Run) -> None:
        self._run = run

    def slots(self, service_id: str) -> list[Slot] | None:
        """The slots of a service, none when it is not known; None when supervisord is down."""
        try:
            return [slot for slot in slots(self._run.socket) if slot.service == service_id]
        except (OSError, xmlrpc.client.Error):
            return None

    def ensure(self) -> None:
        """Start supervisord unless it answers; what a killed one left running is ended first.

        Raises SlipwayError with the end of its log when it does not come up.
        """
        if self._answers():
            return
        orphans.end(self._run, grace_s=_ORPHAN_GRACE_S)
        make_folder(self._run.supervisor)
        for stale in (self._run.socket, self._pid_file):
            stale.unlink(missing_ok=True)
        write(self._run.supervisor / "supervisord.conf", SUPERVISORD)
        process = self._start()
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SlipwayError(f"supervisord did not start: {self._last_words()}", hint="see `slipway doctor`")
            time.sleep(_POLL_S)

    def add(self, service_id: str) -> None:
        """Take a service's configuration in, and start its lowest slots."""
        with connect(self._run.socket) as api:
            self._reload(api)
            _call(api.supervisor.addProcessGroup, service_id, pardon=_ALREADY_ADDED)

    def update(self, service_id: str) -> None:
        """Take a changed configuration in without touching slots that run."""
        with connect(self._run.socket) as api:
            self._reload(api)
            _call(api.slipway.updateProcessGroup, service_id)

    def drop(self, service_id: str) -> None:
        """Forget a service whose slots have stopped; a supervisord that is down has forgotten it."""
        if self._answers():
            with connect(self._run.socket) as api:
                _call(api.supervisor.removeProcessGroup, service_id, pardon=_BAD_NAME)

    def stop_slots(self, service_id: str) -> None:
        """Ask all slots of a service to stop, and return at once: supervisord sees to their grace and their end."""
        if self._answers():
            with connect(self._run.socket) as api:
                _call(api.supervisor.stopProcessGroup, service_id, False, pardon=_BAD_NAME)

    def shutdown(self) -> None:
        """Stop supervisord and what it runs, and remove its files. A supervisord that is down is no error."""
        process = self._process()
        with contextlib.suppress(OSError, xmlrpc.client.Error), connect(self._run.socket) as api:
            api.supervisor.shutdown()
        if process is not None:
            for survivor in orphans.wait_ended([process], _STOP_S):
                survivor.kill()
        for file in self._run.supervisor.glob("*"):
            file.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self._run.supervisor.rmdir()

    @property
    def _pid_file(self) -> Path:
        return self._run.supervisor / "supervisord.pid"

    def _answers(self) -> bool:
        try:
            with connect(self._run.socket) as api:
                return api.supervisor.getState()["statecode"] == 1
        except (OSError, xmlrpc.client.Error):
            return False

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return subprocess.Popen(
            [sys.executable, str(_SCRIPT), "-c", "supervisor/supervisord.conf"],
            cwd=self._run.root,
            env=environment | {orphans.RUN_VARIABLE: str(self._run.root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _process(self) -> psutil.Process | None:
        try:
            with connect(self._run.socket) as api:
                return psutil.Process(api.supervisor.getPID())
        except (OSError, xmlrpc.client.Error, psutil.Error):
            return None

    def _reload(self, api: Any) -> None:
        try:
            api.supervisor.reloadConfig()
        except xmlrpc.client.Fault as fault:
            raise SlipwayError(f"supervisord refuses its configuration: {fault.faultString}") from fault
        except (OSError, xmlrpc.client.Error) as error:
            raise _went_away(error) from error

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            return "\n".join((self._run.supervisor / "supervisord.log").read_text().splitlines()[-5:])
        return "it wrote no log"


def _call(method: Any, name: str, *more: Any, pardon: int | None = None) -> None:
    try:
        method(name, *more)
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != pardon:
            raise SlipwayError(f"supervisord on {name}: {fault.faultString}") from fault
    except (OSError, xmlrpc.client.Error) as error:
        raise _went_away(error) from error


def _went_away(error: Exception) -> SlipwayError:
    return SlipwayError(f"supervisord went away: {error}", hint="run it again: it is started anew")
