"""What a Pulumi program writes: the Provider with its run folder, and the two resource types."""

from collections.abc import Mapping, Sequence

import msgspec
import pulumi
from pulumi import Input, Output, ResourceOptions

from infra.local.provider.spec import Limits, Logs, Probe, Restart


class Provider(pulumi.ProviderResource):
    """state: the run folder, absolute; slipway.paths.State.run. All that the provider writes lies below it."""

    def __init__(self, name: str, *, state: Input[str], opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway", name, {"state": state}, opts)


class Service(pulumi.CustomResource):
    """Processes from one template, in slots from `slots_min` to `slots_max`, each with its port.

    The engine starts `slots_min`; slipway.slots starts and stops the others. A change of what a slot runs replaces
    the service: the new one answers before the old one drains, except where given ports stay the same.

    argv, environment: `{port}` and `{slot}` in them are filled in for each slot. A process sees PATH, HOME and the
    like besides, nothing of the engine's environment. secret_environment: values that are kept as secrets.
    working_folder: the service's own folder, which goes with it, when left out.
    ports: one a slot, None for free ones, [] for none. health: without it a slot counts once it has run for a second.
    stop_grace_s: from SIGTERM to SIGKILL. restart: what happens when a slot exits; `always` and `on-failure` wait one
    second longer after each quick exit.
    """

    ports: Output[list[int]]
    urls: Output[list[str]]
    service_id: Output[str]
    log_folder: Output[str]
    condition: Output[str]

    def __init__(
        self,
        name: str,
        *,
        argv: Sequence[Input[str]],
        environment: Mapping[str, Input[str]] | None = None,
        secret_environment: Mapping[str, Input[str]] | None = None,
        working_folder: Input[str] | None = None,
        slots_min: Input[int] = 1,
        slots_max: Input[int] | None = None,
        ports: Sequence[Input[int]] | None = None,
        health: Probe | None = None,
        stop_grace_s: Input[int] = 10,
        restart: Restart = "always",
        limits: Limits | None = None,
        logs: Logs | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        properties = {
            "argv": list(argv),
            "environment": dict(environment or {}),
            "secret_environment": {key: Output.secret(value) for key, value in (secret_environment or {}).items()},
            "working_folder": working_folder,
            "slots_min": slots_min,
            "slots_max": slots_min if slots_max is None else slots_max,
            "ports": None if ports is None else list(ports),
            "health": _document(health),
            "stop_grace_s": stop_grace_s,
            "restart": restart,
            "limits": _document(limits or Limits()),
            "logs": _document(logs or Logs()),
        }
        outputs = dict.fromkeys(("urls", "service_id", "log_folder", "condition", "incarnation"))
        super().__init__("slipway:local:Service", name, properties | outputs, opts)


class File(pulumi.CustomResource):
    """A text file, written whole by a rename in its folder, so that a watcher sees one move.

    path: below the run folder, or absolute; the output is absolute. Exactly one of content, template (with values:
    `{name}` becomes values["name"], other braces stay) and random_bytes (drawn at create, kept afterwards, written
    as hex digits). mode: a secret's must be for its user alone. content, the output, is secret where an input of it
    is or where it is random.
    """

    path: Output[str]
    content: Output[str]
    sha256: Output[str]

    def __init__(
        self,
        name: str,
        *,
        path: Input[str],
        content: Input[str] | None = None,
        template: Input[str] | None = None,
        values: Mapping[str, Input[str]] | None = None,
        random_bytes: int | None = None,
        mode: int = 0o600,
        opts: ResourceOptions | None = None,
    ) -> None:
        properties = {
            "path": path,
            "content": content,
            "template": template,
            "values": dict(values) if values else None,
            "random_bytes": random_bytes,
            "mode": mode,
        }
        if random_bytes is not None:
            opts = ResourceOptions.merge(opts, ResourceOptions(additional_secret_outputs=["content"]))
        super().__init__("slipway:local:File", name, properties | dict.fromkeys(("sha256", "incarnation")), opts)


def _document(value: msgspec.Struct | None) -> dict[str, object] | None:
    if value is None:
        return None
    return {key: item for key, item in msgspec.structs.asdict(value).items() if item is not None}
