"""The resource graph that a program registers, without an engine: Pulumi's mocks, with the raw registrations kept."""

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor, MockResourceArgs, Mocks, set_mocks

from slipway.errors import SlipwayError

_SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""What the engine's protocol puts under a value's signature key when it is a secret."""

Outputs = Callable[[MockResourceArgs], dict[str, Any]]


def unknown(_: MockResourceArgs) -> dict[str, Any]:
    """No outputs: in a preview, what a provider would add is unknown to the program, as with the real engine."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the program registered it.

    inputs: what is secret is unwrapped. secrets: names of the inputs that are secret as a whole. open_text: all of the
    inputs that is in no secret, as text. custom: made by a provider, so no component. provider: reference of the
    explicit one, empty for the default. refs: what each input was made from, as `type::name`. said: the inputs as the
    protocol carries them, with what is secret and what is not known marked.
    """

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    secrets: frozenset[str]
    open_text: str
    depends_on: tuple[str, ...]
    provider: str
    custom: bool
    protect: bool
    ignore_changes: tuple[str, ...]
    refs: Mapping[str, tuple[str, ...]]
    said: Mapping[str, Any]

    def document(self, key: str) -> dict[str, Any]:
        """An input that is a JSON document, as IAM's are."""
        return json.loads(self.inputs[key])


class Graph(list[Registration]):
    def of(self, type_: str) -> "Graph":
        return Graph(r for r in self if r.type == type_)

    def named(self, name: str) -> Registration:
        return next(r for r in self if r.name == name)

    @property
    def made_by_a_provider(self) -> "Graph":
        return Graph(r for r in self if r.custom and not r.type.startswith("pulumi:providers:"))


class _Echo(Mocks):
    """Every resource is created as asked; outputs gives what its provider would add. No cloud is asked anything."""

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs

    def call(self, args: Any) -> Any:
        raise AssertionError(f"the program asks for {args.token}; a preview of ours asks nobody")

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", {**args.inputs, **self._outputs(args)}


class _Recorder(MockMonitor):
    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.requests: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:
        self.requests.append(request)
        return super().RegisterResource(request)


def graph_of(program: Callable[[], object], *, outputs: Outputs, preview: bool = False, stack: str = "local") -> Graph:
    """What `program` registers on a stack."""
    recorder = _Recorder(_Echo(outputs))
    _run(program, recorder, outputs, preview=preview, stack=stack)
    return Graph(_registrations(recorder))


def registered_until_refused(program: Callable[[], object], *, stack: str) -> tuple[SlipwayError, Graph]:
    """What a program that must be refused is refused with, and what it had registered by then."""
    recorder = _Recorder(_Echo(unknown))
    try:
        _run(program, recorder, unknown, preview=True, stack=stack)
    except SlipwayError as error:
        return error, Graph(_registrations(recorder))
    raise AssertionError("the program was not refused")


def _run(program: Callable[[], object], recorder: "_Recorder", outputs: Outputs, *, preview: bool, stack: str) -> None:
    set_mocks(_Echo(outputs), project="slipway", stack=stack, preview=preview, monitor=recorder)
    gc.disable()  # as the program itself does; a third of the time otherwise
    try:
        pulumi.runtime.test(program)()
    finally:
        gc.enable()


def _registrations(recorder: _Recorder) -> Iterator[Registration]:
    for request in recorder.requests:
        if request.type == "pulumi:pulumi:Stack":
            continue
        yield Registration(
            type=request.type,
            name=request.name,
            parent=request.parent.rsplit("::", 1)[-1],
            inputs={name: rpc.unwrap_rpc_secret(v) for name, v in rpc.deserialize_properties(request.object).items()},
            secrets=frozenset(name for name, value in request.object.fields.items() if _is_secret(value)),
            open_text=json.dumps({name: _open(value) for name, value in request.object.fields.items()}),
            depends_on=tuple(urn.rsplit("::", 1)[-1] for urn in request.dependencies),
            provider=request.provider,
            custom=request.custom,
            protect=request.protect,
            ignore_changes=tuple(request.ignoreChanges),
            refs={name: tuple(map(_told, made.urns)) for name, made in request.propertyDependencies.items()},
            said=json_format.MessageToDict(request.object),
        )


def _told(urn: str) -> str:
    """A resource by its own type and name; its URN has those of all above it too."""
    *_, types, name = urn.split("::", 3)
    return f"{types.rsplit('$', 1)[-1]}::{name}"


def _is_secret(value: Any) -> bool:
    return value.HasField("struct_value") and any(
        field.string_value == _SECRET for field in value.struct_value.fields.values()
    )


def _open(value: Any) -> Any:
    """A value of the protocol without what is secret in it."""
    if _is_secret(value):
        return "[secret]"
    if value.HasField("struct_value"):
        fields: Mapping[str, Any] = value.struct_value.fields
        return {name: _open(inner) for name, inner in fields.items()}
    if value.HasField("list_value"):
        return [_open(inner) for inner in value.list_value.values]
    return value.string_value or value.number_value or value.bool_value
