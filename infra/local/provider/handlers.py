"""What the engine asks of a resource type, in the engine's values: the seam between the protocol and the machine.

A handler blocks; server.py runs it in a thread. It decides what is secret and what an output is called; what happens
on the machine is in service.py and file.py.
"""

import threading
from pathlib import Path
from typing import Any, Protocol

from infra.local.provider.difference import Difference, file_difference, service_difference
from infra.local.provider.file import DEFAULT_MODE, Files, FileSpec, Written, check_file, content, digest
from infra.local.provider.layout import Run
from infra.local.provider.machine import machine_problems
from infra.local.provider.records import ServiceRecord, find_service
from infra.local.provider.service import RUNNING, Services
from infra.local.provider.spec import Failure, ServiceSpec, check_service, parse
from infra.local.provider.values import Properties, holds_unknown, plain_map, secret_paths, wire_map

_FILE_SECRETS = frozenset({"content", "template", "values"})
_SERVICE_SECRETS = frozenset({"secret_environment"})


class Handler(Protocol):
    """One resource type. Every method blocks, may be called again with the same arguments, and raises SlipwayError."""

    def check(self, inputs: Properties) -> list[Failure]:
        """What is wrong with new inputs; unknowns of a preview among them are not judged."""
        ...

    def diff(self, resource_id: str, old_inputs: Properties, old_outputs: Properties, inputs: Properties) -> Difference:
        """What must change, also because of what the machine shows; changes nothing."""
        ...

    def preview(self, inputs: Properties, outputs: Properties) -> Properties:
        """The outputs that are sure before anything is done. outputs: as they are, none before a create."""
        ...

    def create(self, name: str, urn: str, inputs: Properties, timeout_s: float) -> tuple[str, Properties]:
        """Make it and wait until it is whole; the physical id and the outputs. timeout_s: 0 for the resource's own."""
        ...

    def read(self, resource_id: str, inputs: Properties, outputs: Properties) -> tuple[Properties, Properties] | None:
        """Inputs and outputs as the machine shows them; without inputs it is an import, and None means not found."""
        ...

    def update(
        self,
        resource_id: str,
        urn: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        timeout_s: float,
    ) -> Properties:
        """Change it in place, and mend what `read` or `diff` found amiss; the outputs."""
        ...

    def delete(self, resource_id: str, outputs: Properties) -> None:
        """Remove it; what is gone already is no error."""
        ...


class ServiceHandler:
    def __init__(self, run: Run, cancelled: threading.Event) -> None:
        self._run = run
        self._services = Services(run, cancelled)

    def check(self, inputs: Properties) -> list[Failure]:
        misplaced = [
            Failure(
                path=path, reason="is a secret, which would show in state and process lists; use secret_environment"
            )
            for path in secret_paths(inputs)
            if _root(path) not in _SERVICE_SECRETS
        ]
        plain = plain_map(inputs)
        failures = misplaced + check_service(plain)
        if failures or holds_unknown(plain):
            return failures
        return list(machine_problems(parse(plain, ServiceSpec), self._run))

    def diff(self, resource_id: str, old_inputs: Properties, old_outputs: Properties, inputs: Properties) -> Difference:
        recorded = plain_map(old_outputs).get("condition", RUNNING)
        whole = {recorded, self._services.condition(resource_id)} == {RUNNING}
        return service_difference(plain_map(old_inputs), plain_map(inputs), drift=None if whole else "condition")

    def preview(self, inputs: Properties, outputs: Properties) -> Properties:
        sure = {key: value for key, value in outputs.items() if key not in ("ports", "urls")}
        if "ports" in inputs:
            return sure | {"ports": inputs["ports"]}
        slots = plain_map(inputs).get("slots_max")
        if "ports" in outputs and len(plain_map(outputs)["ports"]) == slots:
            return dict(outputs)
        return sure

    def create(self, name: str, urn: str, inputs: Properties, timeout_s: float) -> tuple[str, Properties]:
        record = self._services.create(name, urn, plain_map(inputs), timeout_s=timeout_s)
        return record.id, self._outputs(record)

    def read(self, resource_id: str, inputs: Properties, outputs: Properties) -> tuple[Properties, Properties] | None:
        condition = self._services.condition(resource_id)
        if inputs:
            return inputs, outputs | wire_map({"condition": condition})
        record = find_service(self._run, resource_id)
        if record is None:
            return None
        found = wire_map(record.inputs, secrets=_SERVICE_SECRETS)
        return found, self._outputs(record) | wire_map({"condition": condition})

    def update(
        self,
        resource_id: str,
        urn: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        timeout_s: float,
    ) -> Properties:
        return self._outputs(self._services.update(resource_id, urn, plain_map(inputs), timeout_s=timeout_s))

    def delete(self, resource_id: str, outputs: Properties) -> None:
        self._services.delete(resource_id, plain_map(outputs).get("incarnation"))

    def _outputs(self, record: ServiceRecord) -> Properties:
        return wire_map(
            {
                "ports": list(record.ports),
                "urls": [f"http://127.0.0.1:{port}" for port in record.ports],
                "service_id": record.id,
                "log_folder": str(self._run.logs(record.id)),
                "incarnation": record.incarnation,
                "condition": RUNNING,
            }
        )


class FileHandler:
    def __init__(self, run: Run) -> None:
        self._files = Files(run)

    def check(self, inputs: Properties) -> list[Failure]:
        misplaced = [
            Failure(path=path, reason="is a secret; only content, template and values can be kept as one")
            for path in secret_paths(inputs)
            if _root(path) not in _FILE_SECRETS
        ]
        return misplaced + check_file(plain_map(inputs), secret=_is_secret(inputs))

    def diff(self, resource_id: str, old_inputs: Properties, old_outputs: Properties, inputs: Properties) -> Difference:
        outputs = plain_map(old_outputs)
        wanted = digest(outputs["content"])
        whole = {wanted, outputs["sha256"], self._condition(outputs, old_inputs)} == {wanted}
        return file_difference(plain_map(old_inputs), plain_map(inputs), drift=None if whole else "sha256")

    def preview(self, inputs: Properties, outputs: Properties) -> Properties:
        plain = plain_map(inputs)
        sure = {} if holds_unknown(plain["path"]) else wire_map({"path": str(self._files.place(plain["path"]))})
        if holds_unknown(plain):
            return sure
        if "random_bytes" in plain:
            return outputs | sure
        text = content(parse(plain, FileSpec))
        secrets = frozenset({"content"} if _is_secret(inputs) else ())
        return sure | wire_map({"content": text, "sha256": digest(text)}, secrets=secrets)

    def create(self, name: str, urn: str, inputs: Properties, timeout_s: float) -> tuple[str, Properties]:
        written = self._files.create(name, urn, plain_map(inputs), secret=_is_secret(inputs))
        return written.record.id, _file_outputs(written)

    def read(self, resource_id: str, inputs: Properties, outputs: Properties) -> tuple[Properties, Properties] | None:
        if inputs:
            return inputs, outputs | wire_map({"sha256": self._condition(plain_map(outputs), inputs)})
        found = self._files.find(resource_id)
        if found is None:
            return None
        secrets = _FILE_SECRETS if found.record.secret else frozenset[str]()
        return wire_map(found.record.inputs, secrets=secrets), _file_outputs(found)

    def update(
        self,
        resource_id: str,
        urn: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        timeout_s: float,
    ) -> Properties:
        outputs, before, now = plain_map(old_outputs), plain_map(old_inputs), plain_map(inputs)
        drawn = now.get("random_bytes") is not None and before.get("random_bytes") == now.get("random_bytes")
        written = self._files.update(
            resource_id,
            urn,
            now,
            secret=_is_secret(inputs),
            incarnation=outputs["incarnation"],
            kept=outputs["content"] if drawn else None,
        )
        return _file_outputs(written)

    def delete(self, resource_id: str, outputs: Properties) -> None:
        self._files.delete(resource_id, plain_map(outputs).get("incarnation"))

    def _condition(self, outputs: dict[str, Any], inputs: Properties) -> str:
        mode = plain_map(inputs).get("mode", DEFAULT_MODE)
        return self._files.condition(Path(outputs["path"]), mode=mode)


def _file_outputs(written: Written) -> Properties:
    record = written.record
    secret = record.secret or "random_bytes" in record.inputs
    return wire_map(
        {
            "path": record.path,
            "sha256": written.sha256,
            "content": written.content,
            "incarnation": record.incarnation,
        },
        secrets=frozenset({"content"}) if secret else frozenset(),
    )


def _is_secret(inputs: Properties) -> bool:
    return any(inputs[key].contains_secret() for key in _FILE_SECRETS & inputs.keys())


def _root(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]
