"""The engine's protocol where every provider of the tests speaks it alike: how it is told no, how it is served."""

import functools
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

import grpc
import grpc_status.rpc_status
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from google.rpc.status_pb2 import Status
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.engine.simulated.core.difference import Difference
from tests.engine.simulated.core.problem import Problem, RefusedError
from tests.engine.simulated.core.wire import Plain, plain, secret_texts

_THREADS = 16
_MAX_MESSAGE_BYTES = 400 * 1024 * 1024  # as the engine's own limit
_PARENT_POLL_S = 1.0
_LAST_WORDS_S = 1.0

_Rpc = TypeVar("_Rpc", bound=Callable[..., Any])


class HalfMadeError(Exception):
    """A resource is there but not as it should be: the engine keeps it in its state, and mends it with the next up."""

    def __init__(self, resource_id: str, *, inputs: Struct, outputs: Struct, why: str) -> None:
        super().__init__(why)
        self.made = provider_pb2.ErrorResourceInitFailed(
            id=resource_id, properties=outputs, inputs=inputs, reasons=[why]
        )


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """What a provider answers whatever it provides."""

    def __init__(self, name: str, version: str) -> None:
        self._name, self._version = name, version

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self._name, "version": self._version}))

    def GetMapping(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        return Empty()


def told(rpc: _Rpc) -> _Rpc:
    """The cloud's refusals reach the user as they are; what is ours to mend says where."""

    @functools.wraps(rpc)
    def wrapped(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return rpc(self, request, context)
        except HalfMadeError as half:
            return context.abort_with_status(_half_made(half))
        except RefusedError as refused:
            message = str(refused)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            message = f"internal error: {type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
        return context.abort(grpc.StatusCode.UNKNOWN, message)

    return cast(_Rpc, wrapped)


def _half_made(half: HalfMadeError) -> Any:
    detail = Packed()
    detail.Pack(half.made)
    status = Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(half), details=[detail])
    return grpc_status.rpc_status.to_status(status)


def identity(urn: str) -> tuple[str, str]:
    """A resource's type and its name in the program."""
    *_, types, name = urn.split("::", 3)
    return types.rsplit("$", 1)[-1], name


def configuration(args: Struct) -> Plain:
    """A provider's inputs; the SDK sends whatever is no text as JSON in a text."""
    return {key: _unpacked(value) for key, value in plain(args).items() if key not in ("version", "pluginDownloadURL")}


def _unpacked(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "[", "t", "f"):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def checked(inputs: Struct, given: Struct, problems: Iterable[Problem]) -> Any:
    """A problem's words may hold a value, and a value may be a secret."""
    hidden = [text for text in secret_texts(given) if text]

    def shown(words: str) -> str:
        for text in hidden:
            words = words.replace(text, "[secret]")
        return words

    # no `property`: the engine would print the value that stands there
    failures = [provider_pb2.CheckFailure(reason=shown(f"{it.path}: {it.reason}")) for it in problems]
    return provider_pb2.CheckResponse(inputs=inputs, failures=failures)


def diff_response(difference: Difference) -> Any:
    kinds, outcome = provider_pb2.PropertyDiff, provider_pb2.DiffResponse
    detailed = {
        change.path: kinds(
            kind=getattr(kinds, f"{change.kind}_REPLACE" if change.path in difference.replaces else change.kind),
            inputDiff=True,
        )
        for change in difference.changes
    }
    return outcome(
        changes=outcome.DIFF_SOME if detailed else outcome.DIFF_NONE,
        replaces=sorted(difference.replaces),
        diffs=sorted({_root(path) for path in detailed}),
        deleteBeforeReplace=difference.delete_first,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _root(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]


def serve(servicer: provider_pb2_grpc.ResourceProviderServicer) -> None:
    """Serve until the engine interrupts or goes away."""
    server = grpc.server(
        ThreadPoolExecutor(_THREADS),
        options=[
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    print(port, flush=True)  # the engine reads it
    engine = os.getppid()
    while not ended.wait(_PARENT_POLL_S) and os.getppid() == engine:  # an engine that was killed says no goodbye
        pass
    server.stop(_LAST_WORDS_S).wait()
    sys.stdout.flush()
    os._exit(0)
