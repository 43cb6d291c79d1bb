"""The resource graph that a program registers, without an engine: Pulumi's mocks, with the raw registrations kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor, MockResourceArgs, Mocks, set_mocks

_SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""What the engine's protocol puts under a value's signature key when it is a secret."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the program registered it. secrets: names of the inputs that are secret as a whole."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    secrets: frozenset[str]
    depends_on: tuple[str, ...]
    provider: str


class Graph(list[Registration]):
    def of(self, type_: str) -> "Graph":
        return Graph(r for r in self if r.type == type_)

    def named(self, name: str) -> Registration:
        return next(r for r in self if r.name == name)


class _Echo(Mocks):
    """Every resource is created as asked; outputs gives what its provider would add."""

    def __init__(self, outputs: Callable[[MockResourceArgs], dict[str, Any]]) -> None:
        self._outputs = outputs

    def call(self, args: Any) -> Any:
        return {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", {**args.inputs, **self._outputs(args)}


class _Recorder(MockMonitor):
    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.requests: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        self.requests.append(request)
        return super().RegisterResource(request)


def graph_of(
    program: Callable[[], object], *, outputs: Callable[[MockResourceArgs], dict[str, Any]], preview: bool = False
) -> Graph:
    """What `program` registers on a stack named `local`."""
    recorder = _Recorder(_Echo(outputs))
    set_mocks(_Echo(outputs), project="slipway", stack="local", preview=preview, monitor=recorder)
    pulumi.runtime.test(program)()
    return Graph(_registrations(recorder))


def _registrations(recorder: _Recorder) -> Iterator[Registration]:
    for request in recorder.requests:
        if request.type == "pulumi:pulumi:Stack":
            continue
        yield Registration(
            type=request.type,
            name=request.name,
            parent=request.parent.rsplit("::", 1)[-1],
            inputs=rpc.deserialize_properties(request.object),
            secrets=frozenset(name for name, value in request.object.fields.items() if _is_secret(value)),
            depends_on=tuple(urn.rsplit("::", 1)[-1] for urn in request.dependencies),
            provider=request.provider,
        )


def _is_secret(value: Any) -> bool:
    return value.HasField("struct_value") and any(
        field.string_value == _SECRET for field in value.struct_value.fields.values()
    )
