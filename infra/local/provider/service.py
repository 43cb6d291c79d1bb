"""The life of a Service on this machine: created once it answers, updated around its running slots, drained.

Every step is safe to run again: a step that was killed in the middle leaves a record, and the next one finds it.
What is asked for is judged in spec.py and machine.py; what the engine is told is put together in handlers.py.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import signal
import threading
from collections.abc import Mapping
from typing import Any

import msgspec

from infra.local.provider import orphans, records
from infra.local.provider.difference import SERVICE_IN_PLACE
from infra.local.provider.layout import Run, make_folder, write
from infra.local.provider.machine import prepare
from infra.local.provider.ports import choose, holder, is_free
from infra.local.provider.records import ServiceRecord
from infra.local.provider.rendering import service_config, slot_scripts
from infra.local.provider.spec import ServiceSpec, parse
from infra.local.provider.supervisor import Supervisor
from infra.local.provider.waiting import Start, wait_stopped
from slipway.errors import SlipwayError
from slipway.slots import Slot, start_slot, stop_slot

RUNNING = "running"
_STAY_S = 10.0  # without a probe: supervisord calls a slot running after 1 s, and looks once a second
_STOP_ATTEMPTS = 3
_KILL_S = 5.0  # from SIGKILL until the kernel has ended the last process


@dataclasses.dataclass(frozen=True)
class Services:
    """All services of one run folder. cancelled: set when the engine is interrupted; waits end at once."""

    run: Run
    cancelled: threading.Event

    def create(self, name: str, urn: str, inputs: Mapping[str, Any], *, timeout_s: float) -> ServiceRecord:
        """Start a service and wait until its lowest slots answer; one that an interrupted create began is taken up.

        Leaves nothing behind when it fails. Raises SlipwayError (a port in use, a slot that exits or never answers,
        with its last log lines) and EngineInterruptedError.
        """
        process = {key: value for key, value in inputs.items() if key not in SERVICE_IN_PLACE}
        with self.run.locked():
            service_id = records.physical_id(name, urn, process, records.key(self.run))
            leftovers = [
                r.id for r in records.services(self.run) if r.urn == urn and r.id != service_id and not r.ready
            ]
        for leftover in leftovers:
            self.remove(leftover, grace_s=0)
        try:
            return self._bring_up(service_id, urn, inputs, records.new_incarnation(), timeout_s, new=True)
        except BaseException:
            self.remove(service_id, grace_s=0, cancellable=False)
            raise

    def update(self, service_id: str, urn: str, inputs: Mapping[str, Any], *, timeout_s: float) -> ServiceRecord:
        """Take new bounds, grace, restart policy or log sizes in, and start what is down; other slots run on.

        When it fails, the service is as it was. Raises as `create` does.
        """
        former = records.find_service(self.run, service_id)
        if former is None:
            return self._bring_up(service_id, urn, inputs, records.new_incarnation(), timeout_s)
        was, spec = parse(former.inputs, ServiceSpec), parse(inputs, ServiceSpec)
        was_up = {slot.slot for slot in self._slots(service_id) if slot.pid}
        self._stop_slots(service_id, {slot for slot in was_up if slot >= spec.slots_max}, was.stop_grace_s)
        try:
            return self._bring_up(service_id, urn, inputs, former.incarnation, timeout_s)
        except BaseException:
            with contextlib.suppress(SlipwayError, OSError):  # the first failure is the one to tell
                begun = {slot.slot for slot in self._slots(service_id) if slot.pid} - was_up
                self._stop_slots(service_id, begun, spec.stop_grace_s)
                with self.run.locked():
                    self._install(former, self._render(service_id, was, former.ports))
            raise

    def condition(self, service_id: str) -> str:
        """`running`, or what is amiss in a few words."""
        record = records.find_service(self.run, service_id)
        if record is None:
            return "nothing of it is on this machine"
        return condition(
            parse(record.inputs, ServiceSpec), Supervisor(self.run).slots(service_id), self._intact(record)
        )

    def delete(self, service_id: str, incarnation: str | None) -> None:
        """Drain a service and remove all of it. One that is gone, or that was created again since, is left alone."""
        record = records.find_service(self.run, service_id)
        if record is not None and incarnation not in (None, record.incarnation):
            return
        self.remove(service_id, grace_s=parse(record.inputs, ServiceSpec).stop_grace_s if record else 0)

    def remove(self, service_id: str, *, grace_s: float, cancellable: bool = True) -> None:
        """SIGTERM, `grace_s`, SIGKILL, and every trace. With the last service supervisord goes too.

        Raises EngineInterruptedError on cancel: the slots end within their grace all the same, the next call does the
        rest.
        """
        supervisor = Supervisor(self.run)
        for _ in range(_STOP_ATTEMPTS):
            pids = [slot.pid for slot in self._slots(service_id) if slot.pid]
            supervisor.stop_slots(service_id)
            if grace_s == 0:
                _kill_groups(pids)
            cancelled = self.cancelled if cancellable else None
            wait_stopped(lambda: supervisor.slots(service_id), grace_s + _KILL_S, cancelled)
            if self._forget(service_id):
                return
        raise SlipwayError(f"{service_id} does not stop", hint="look for its processes, and run it again")

    def _forget(self, service_id: str) -> bool:
        """Remove what is left of a stopped service. False when it runs: its supervisord was started again meanwhile."""
        supervisor = Supervisor(self.run)
        with self.run.locked():
            if any(slot.pid for slot in self._slots(service_id)):
                return False
            supervisor.drop(service_id)
            orphans.end(self.run, service_id)
            records.remove_service(self.run, service_id)
            self.close_if_last()
        return True

    def close_if_last(self) -> None:
        """Without a service that somebody knows of or works on, nothing should run. Call it under the lock."""
        present = records.services(self.run)
        if all(record.abandoned for record in present):
            Supervisor(self.run).shutdown()
            for record in present:
                orphans.end(self.run, record.id)
                records.remove_service(self.run, record.id)
            self.run.key.unlink(missing_ok=True)
        self.run.tidy()

    def _bring_up(
        self,
        service_id: str,
        urn: str,
        inputs: Mapping[str, Any],
        incarnation: str,
        timeout_s: float,
        *,
        new: bool = False,
    ) -> ServiceRecord:
        spec = parse(inputs, ServiceSpec)
        prepare(spec, self.run)
        former = records.find_service(self.run, service_id)
        if former is not None and not self._intact(former):
            self.remove(service_id, grace_s=spec.stop_grace_s)
        with self.run.locked():
            Supervisor(self.run).ensure()
            ports = self._ports(service_id, spec, former)
            files = self._render(service_id, spec, ports)
            record = ServiceRecord(
                id=service_id,
                urn=urn,
                inputs=dict(inputs),
                ports=ports,
                incarnation=incarnation,
                creating_pid=os.getpid() if new and not (former and former.ready) else None,
                rendered=_digest(files),
            )
            self._install(record, files)
        self._start(record, spec, timeout_s)
        ready = msgspec.structs.replace(record, creating_pid=None)
        records.write_service(self.run, ready)
        return ready

    def _install(self, record: ServiceRecord, files: Mapping[str, str]) -> None:
        """Write what supervisord reads and make it read that. Call it under the lock."""
        make_folder(self.run.logs(record.id))
        records.write_service(self.run, record)
        for name, content in files.items():
            write(self.run.service(record.id) / name, content)
        supervisor = Supervisor(self.run)
        if supervisor.slots(record.id):
            supervisor.update(record.id)
        else:
            supervisor.add(record.id)

    def _start(self, record: ServiceRecord, spec: ServiceSpec, timeout_s: float) -> None:
        for slot in self._slots(record.id):
            if slot.state == "backoff":  # one that waits for its next try starts at once
                stop_slot(self.run.socket, record.id, slot.slot)
            if slot.slot < spec.slots_min and not slot.up:
                start_slot(self.run.socket, record.id, slot.slot)
        start = Start(
            service=record.id,
            wanted=range(spec.slots_min),
            slots=lambda: Supervisor(self.run).slots(record.id),
            probe=spec.health,
            log=lambda slot: self.run.log(record.id, slot),
            secrets=spec.secrets,
        )
        start.wait(timeout_s or (spec.health.deadline_s if spec.health else _STAY_S), self.cancelled)

    def _ports(self, service_id: str, spec: ServiceSpec, former: ServiceRecord | None) -> tuple[int, ...]:
        """Given ports, once they are seen to be free; else those it had, and free ones for the rest. Under the lock."""
        others = {p: r.id for r in records.services(self.run) if r.id != service_id for p in r.ports}
        own = {slot.port for slot in self._slots(service_id) if slot.pid}

        def usable(port: int) -> bool:
            return port in own or (port not in others and is_free(port))

        if spec.ports is not None:
            for port in spec.ports:
                if not usable(port):
                    by = f"service {others[port]}" if port in others else holder(port)
                    raise SlipwayError(f"port {port} is in use by {by}", hint="end it, or give another port")
            return spec.ports
        kept = dict(enumerate((former.ports if former else ())[: spec.slots_max]))
        kept = {slot: port for slot, port in kept.items() if usable(port)}
        fresh = iter(
            choose(
                spec.slots_max - len(kept),
                seed=f"{self.run.root}/{service_id}",
                taken=others.keys() | set(kept.values()),
                free=is_free,
            )
        )
        return tuple(kept[slot] if slot in kept else next(fresh) for slot in range(spec.slots_max))

    def _intact(self, record: ServiceRecord) -> bool:
        """Whether what supervisord and the slots were started from still lies there as it was written."""
        folder = self.run.service(record.id)
        names = [file.name for file in (*folder.glob("*.sh"), *folder.glob("*.conf"))]
        try:
            return _digest({name: (folder / name).read_text(encoding="utf-8") for name in names}) == record.rendered
        except (OSError, UnicodeDecodeError):
            return False

    def _render(self, service_id: str, spec: ServiceSpec, ports: tuple[int, ...]) -> dict[str, str]:
        scripts = slot_scripts(spec, ports, str(self.run.service(service_id)))
        return scripts | {"supervisor.conf": service_config(service_id, spec)}

    def _slots(self, service_id: str) -> list[Slot]:
        return Supervisor(self.run).slots(service_id) or []

    def _stop_slots(self, service_id: str, numbers: set[int], grace_s: float) -> None:
        for number in numbers:
            stop_slot(self.run.socket, service_id, number, wait=False)
        wait_stopped(
            lambda: [slot for slot in self._slots(service_id) if slot.slot in numbers],
            grace_s + _KILL_S,
            self.cancelled,
        )


def condition(spec: ServiceSpec, slots: list[Slot] | None, intact: bool) -> str:
    """What a service's slots amount to. Slots above the least number are the autoscaler's and are not looked at."""
    if slots is None:
        return "supervisord is down"
    if not slots:
        return "supervisord does not know it"
    if not intact:
        return "its files were changed"
    up = sum(slot.up for slot in slots)
    if up < spec.slots_min:
        down = ", ".join(f"slot {slot.slot} is {slot.state}" for slot in slots if not slot.up)
        return f"{up} of {spec.slots_min} slots run: {down}"
    return RUNNING


def _digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


def _kill_groups(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
