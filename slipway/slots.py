"""The slots of the local stack's services: which run, and how one more or one less is had.

A service has slots from 0 to its maximum, each with its port. The engine sees to the least number; whoever scales (the
autoscaler, `slipway scale`) starts and stops slots here, and that live number is state of the run, not drift. What a
slot runs is not decided here. Imports nothing of `infra`, so that services may use it.
"""

import contextlib
import http.client
import os
import signal
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

import msgspec

from slipway.errors import SlipwayError
from slipway.unix_http import UnixConnection

_TIMEOUT_S = 10.0  # supervisord answers in milliseconds; this is for one that hangs
_STATES = {
    0: "stopped",
    10: "starting",
    20: "running",
    30: "backoff",
    40: "stopping",
    100: "exited",
    200: "fatal",
    1000: "unknown",
}
"""supervisor/states.py: ProcessStates. `backoff`: it crashed and waits for its next start."""

_BAD_NAME, _ALREADY_STARTED, _NOT_RUNNING = 10, 60, 70
"""supervisor/xmlrpc.py: Faults."""

_STOP_POLL_S = 0.05


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One slot. service: the service's id. port: None where the service has none. pid: 0 when it does not run."""

    service: str
    slot: int
    port: int | None
    state: str
    pid: int
    uptime_s: float

    @property
    def up(self) -> bool:
        return self.state in ("starting", "running")


class _Ports(msgspec.Struct, frozen=True):
    ports: tuple[int, ...] = ()


def connect(supervisor: Path) -> Any:
    """supervisord's own API over its unix socket; a fresh connection, for one thread. A call raises OSError when
    nothing answers and xmlrpc.client.Fault when supervisord refuses."""
    return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(supervisor))


def slots(supervisor: Path) -> list[Slot]:
    """Every slot of every service, running or not, by service and number. Raises OSError when supervisord is down."""
    with connect(supervisor) as api:
        processes = api.supervisor.getAllProcessInfo()
    services = {process["group"] for process in processes}
    ports = {service: _ports(supervisor, service) for service in services}
    found = [_slot(process, ports[process["group"]]) for process in processes]
    return sorted(found, key=lambda slot: (slot.service, slot.slot))


def start_slot(supervisor: Path, service: str, slot: int) -> None:
    """Start a slot; one that runs is left alone. Returns once the process exists, which is before it answers.

    Raises SlipwayError when there is no such slot or it cannot be started.
    """
    with connect(supervisor) as api:
        _ask(service, slot, lambda name: api.supervisor.startProcess(name, False), pardon=_ALREADY_STARTED)


def stop_slot(supervisor: Path, service: str, slot: int, *, wait: bool = True) -> None:
    """Drain a slot: SIGTERM, the service's stop grace, SIGKILL for it and all its children. Blocks unless told not to.

    A slot that does not run is left alone. Raises SlipwayError when there is no such slot.
    """
    with connect(supervisor) as api:
        pid = _ask(service, slot, api.supervisor.getProcessInfo)["pid"]
        _ask(service, slot, lambda name: api.supervisor.stopProcess(name, False), pardon=_NOT_RUNNING)
        while wait and _STATES[_ask(service, slot, api.supervisor.getProcessInfo)["state"]] == "stopping":
            time.sleep(_STOP_POLL_S)
    if wait and pid:
        # children may outlive a leader that exits on SIGTERM; supervisord makes every slot the leader of its group
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _ask(service: str, slot: int, call: Any, *, pardon: int | None = None) -> Any:
    try:
        return call(f"{service}:{service}-{slot}")
    except xmlrpc.client.Fault as fault:
        if fault.faultCode == pardon:
            return None
        if fault.faultCode == _BAD_NAME:
            raise SlipwayError(f"{service} has no slot {slot}", hint="see `slipway status`") from None
        raise SlipwayError(f"slot {slot} of {service}: {fault.faultString}", hint="see `slipway logs`") from fault
    except OSError as error:
        raise SlipwayError(f"supervisord does not answer: {error}", hint="bring the stack up again") from error


def _slot(process: dict[str, Any], ports: tuple[int, ...]) -> Slot:
    number = int(process["name"].rsplit("-", 1)[1])
    up = bool(process["pid"])
    return Slot(
        service=process["group"],
        slot=number,
        port=ports[number] if number < len(ports) else None,
        state=_STATES.get(process["state"], "unknown"),
        pid=process["pid"],
        uptime_s=float(max(0, process["now"] - process["start"])) if up else 0.0,
    )


def _ports(supervisor: Path, service: str) -> tuple[int, ...]:
    """The provider keeps one record a service beside the socket's folder."""
    record = supervisor.parent.parent / "services" / service / "record.json"
    try:
        return msgspec.json.decode(record.read_bytes(), type=_Ports).ports
    except (FileNotFoundError, msgspec.DecodeError):
        return ()


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._unix = UnixConnection(path, timeout_s=_TIMEOUT_S)  # connects again by itself after a close

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return self._unix

    def close(self) -> None:
        self._unix.close()
