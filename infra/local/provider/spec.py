"""What a Service is asked to be: its values, their bounds, and what is wrong with them. Pure: no process, no file.

Whether the machine can do it (an executable, a port, a folder) is asked in machine.py.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from infra.local.provider.values import UNKNOWN, holds_unknown

Restart = Literal["always", "on-failure", "never"]
_Kind = TypeVar("_Kind")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a slot shows that it answers: a GET of `path` with a status of 2xx, or a connection where `tcp` is set.

    timeout_s: of one attempt. interval_s: between attempts. deadline_s: from the start to the first answer, when the
    resource sets no custom timeout.
    """

    path: str | None = None
    tcp: bool = False
    timeout_s: _Positive = 1.0
    interval_s: _Positive = 0.1
    deadline_s: _Positive = 60.0


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each process of a slot may take.

    memory_gib: private memory (RLIMIT_DATA: heap, stacks of threads and private mappings; not files that are mapped),
    beyond which an allocation fails; None for no bound; not enforced by macOS. open_files: RLIMIT_NOFILE.
    """

    memory_gib: _Positive | None = None
    open_files: Annotated[int, msgspec.Meta(ge=16)] = 4096


class Logs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file a slot holds its stdout and stderr; at `max_mib` it is rotated, and `kept` older ones stay."""

    max_mib: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 10
    kept: Annotated[int, msgspec.Meta(ge=0, le=100)] = 3


class ServiceSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The inputs of a Service. `{port}` and `{slot}` in argv and environment are filled in for each slot.

    slots_min: 0 for a service that only stands ready to be started.
    """

    argv: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    environment: dict[str, str] = {}
    secret_environment: dict[str, str] = {}
    working_folder: str | None = None
    slots_min: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1
    slots_max: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    ports: tuple[_Port, ...] | None = None
    health: Probe | None = None
    stop_grace_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 10
    restart: Restart = "always"
    limits: Limits = Limits()
    logs: Logs = Logs()

    @property
    def secrets(self) -> frozenset[str]:
        """What no message and no log of ours may show."""
        return frozenset(value for value in self.secret_environment.values() if value)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What is wrong with one input, by its path."""

    path: str
    reason: str


class InvalidInputError(ValueError):
    """Inputs that make no resource."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.path}: {failure.reason}")
        self.failure = failure


def parse(inputs: Mapping[str, Any], kind: type[_Kind]) -> _Kind:
    """Inputs as one value of `kind`. Raises InvalidInputError that names the path."""
    try:
        return msgspec.convert(dict(inputs), kind)
    except msgspec.ValidationError as error:
        raise InvalidInputError(_explain(str(error))) from None


def check_service(inputs: Mapping[str, Any]) -> list[Failure]:
    """All that can be seen to be wrong; an input that a preview does not know yet is not judged."""
    known = {key: value for key, value in inputs.items() if not holds_unknown(value)}
    stand_in = {"argv": [UNKNOWN]} if "argv" in inputs else {}
    try:
        spec = parse(stand_in | known, ServiceSpec)
    except InvalidInputError as error:
        return [error.failure]
    return [failure for failure in _problems(spec) if _root(failure.path) in known]


def _problems(spec: ServiceSpec) -> Iterator[Failure]:
    if spec.slots_min > spec.slots_max:
        yield Failure(path="slots_min", reason=f"{spec.slots_min} is above slots_max, which is {spec.slots_max}")
    if spec.ports:
        if len(spec.ports) < spec.slots_max:
            yield Failure(path="ports", reason=f"{len(spec.ports)} ports for {spec.slots_max} slots; give one a slot")
        for index, port in enumerate(spec.ports):
            if port in spec.ports[:index]:
                yield Failure(path=f"ports[{index}]", reason=f"{port} is given twice")
    yield from _text_problems(spec)
    if spec.health is not None:
        yield from _probe_problems(spec.health, has_ports=spec.ports != ())


def _text_problems(spec: ServiceSpec) -> Iterator[Failure]:
    texts = {f"argv[{index}]": word for index, word in enumerate(spec.argv)}
    texts |= {f"environment.{name}": value for name, value in spec.environment.items()}
    for path, text in texts.items():
        if spec.ports == () and "{port}" in text:
            yield Failure(path=path, reason="asks for {port}, and the service has no ports")
    if not spec.argv[0]:
        yield Failure(path="argv[0]", reason="is empty; it names the executable")
    texts |= {f"secret_environment.{name}": value for name, value in spec.secret_environment.items()}
    for path, text in texts.items():
        if "\0" in text:
            yield Failure(path=path, reason="holds a NUL character, which no process can be given")
    for where in ("environment", "secret_environment"):
        for name in getattr(spec, where):
            if not _NAME.fullmatch(name):
                yield Failure(path=f"{where}.{name}", reason="is no name for an environment variable")
    for name in spec.environment.keys() & spec.secret_environment.keys():
        yield Failure(path=f"secret_environment.{name}", reason="is set in environment too")


def _probe_problems(probe: Probe, *, has_ports: bool) -> Iterator[Failure]:
    if probe.tcp == (probe.path is not None):
        yield Failure(path="health", reason="set exactly one of path and tcp")
    if probe.path is not None and not probe.path.startswith("/"):
        yield Failure(path="health.path", reason=f"{probe.path!r} does not begin with /")
    if not has_ports:
        yield Failure(path="health", reason="there is no port to probe: ports is empty")


def _explain(message: str) -> Failure:
    """msgspec says `reason - at `$.path``; the path of an unknown or missing field is in the reason."""
    reason, _, where = message.partition(" - at `$")
    path = where.rstrip("`").lstrip(".")
    if named := re.fullmatch(r"Object contains unknown field `(.*)`", reason):
        return Failure(path=_join(path, named[1]), reason="there is no such input")
    if named := re.fullmatch(r"Object missing required field `(.*)`", reason):
        return Failure(path=_join(path, named[1]), reason="is required")
    return Failure(path=path, reason=reason[0].lower() + reason[1:])


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _root(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]
