"""What supervisord is given to read, as text: its own configuration, one file a service, one script a slot. Pure.

All paths are relative to the run folder, in which supervisord works, so no path needs quoting in its configuration.
A slot's environment, secrets and arguments stand in its script, which only its user can read: nothing of them is in
supervisord's configuration or in an argv other than the service's own.
"""

import shlex
from collections.abc import Mapping

from infra.local.provider.spec import Restart, ServiceSpec

SUPERVISORD = """\
[supervisord]
nodaemon=true
silent=true
identifier=slipway
logfile=supervisor/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
pidfile=supervisor/supervisord.pid
umask=077
nocleanup=true

[unix_http_server]
file=supervisor/supervisor.sock
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:slipway]
supervisor.rpcinterface_factory=slipway_supervisord:make_interface

[include]
files=../services/*/supervisor.conf
"""

_RESTART: Mapping[Restart, str] = {"always": "true", "on-failure": "unexpected", "never": "false"}
_ENOUGH_TRIES = 1_000_000
"""A crashing slot is tried again for ever, one second later each time: what it needs may come back."""

_KIB_PER_GIB = 1 << 20


def service_config(service_id: str, spec: ServiceSpec) -> str:
    """The group of a service, one program a slot up to its maximum."""
    programs = [f"{service_id}-{slot}" for slot in range(spec.slots_max)]
    sections = [f"[group:{service_id}]\nprograms={','.join(programs)}\n"]
    sections += [_program(service_id, slot, spec) for slot in range(spec.slots_max)]
    return "\n".join(sections)


def _program(service_id: str, slot: int, spec: ServiceSpec) -> str:
    folder = f"services/{service_id}"
    options = {
        "command": f"/bin/sh {folder}/slot-{slot}.sh",
        "autostart": "true" if slot < spec.slots_min else "false",
        "autorestart": _RESTART[spec.restart],
        "startsecs": 1,
        "startretries": 0 if spec.restart == "never" else _ENOUGH_TRIES,
        "exitcodes": 0,
        "stopsignal": "TERM",
        "stopwaitsecs": spec.stop_grace_s,
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"{folder}/logs/slot-{slot}.log",
        "stdout_logfile_maxbytes": f"{spec.logs.max_mib}MB",
        "stdout_logfile_backups": spec.logs.kept,
    }
    return f"[program:{service_id}-{slot}]\n" + "".join(f"{key}={value}\n" for key, value in options.items())


def slot_script(spec: ServiceSpec, *, slot: int, port: int | None, folder: str) -> str:
    """What a slot runs: set the limits, enter the working folder, become the service. It costs about 1 ms."""
    environment = {name: _fill(value, slot, port) for name, value in sorted(spec.environment.items())}
    environment |= dict(sorted(spec.secret_environment.items()))
    lines = ["set -e", "umask 077", f"ulimit -n {spec.limits.open_files}"]
    if spec.limits.memory_gib is not None:
        lines.append(f"ulimit -d {round(spec.limits.memory_gib * _KIB_PER_GIB)}")
    lines.append(f"cd {shlex.quote(spec.working_folder or folder)}")
    lines += [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines.append("exec " + shlex.join(_fill(word, slot, port) for word in spec.argv))
    return "\n".join(lines) + "\n"


def slot_scripts(spec: ServiceSpec, ports: tuple[int, ...], folder: str) -> dict[str, str]:
    """The scripts of all slots, by file name."""
    return {
        f"slot-{slot}.sh": slot_script(spec, slot=slot, port=ports[slot] if ports else None, folder=folder)
        for slot in range(spec.slots_max)
    }


def _fill(text: str, slot: int, port: int | None) -> str:
    return text.replace("{slot}", str(slot)).replace("{port}", str(port))
