"""The provider's executable: the engine's gRPC protocol around the handlers of the two resource types.

Written on the SDK's protocol stubs, since pulumi.provider.experimental (3.259) hands a diff the old outputs only,
shows an error with its Python class, and waits for its threads when it is interrupted.
"""

import asyncio
import functools
import os
import signal
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Never, TypeVar, cast

import grpc
import grpc.aio
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from infra.local.provider.difference import Difference, Kind
from infra.local.provider.handlers import FileHandler, Handler, ServiceHandler
from infra.local.provider.layout import Run, path_problem
from infra.local.provider.spec import Failure
from infra.local.provider.values import holds_unknown, plain_map, properties, struct
from slipway.errors import SlipwayError

_VERSION = "0.1.0"
_THREADS = 64  # creates wait for health at the same time; the engine starts at most four a core
_MAX_MESSAGE_BYTES = 400 * 1024 * 1024  # as the engine's own limit
_PARENT_POLL_S = 1.0
_LAST_WORDS_S = 3.0  # for operations in flight to end and say why, once the engine has interrupted

_Rpc = TypeVar("_Rpc", bound=Callable[..., Awaitable[Any]])


def _told(rpc: _Rpc) -> _Rpc:
    """Failures reach the user as one message without a traceback."""

    @functools.wraps(rpc)
    async def wrapped(self: Any, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await rpc(self, request, context)
        except SlipwayError as error:
            message = str(error)
        except Exception as error:  # ours to mend, so it says where
            frame = traceback.extract_tb(error.__traceback__)[-1]
            message = f"internal error: {type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
        return await _abort(context, message)

    return cast(_Rpc, wrapped)


async def _abort(context: grpc.aio.ServicerContext[Any, Any], message: str) -> Never:
    await context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError  # abort raises


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider resource: configured once with its run folder, then asked about services and files, many at once."""

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled
        self._handlers: dict[str, Handler] = {}

    @_told
    async def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @_told
    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=_VERSION)

    @_told
    async def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=f'{{"name":"slipway","version":"{_VERSION}"}}')

    @_told
    async def GetMapping(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingResponse()

    @_told
    async def GetMappings(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingsResponse()

    @_told
    async def CheckConfig(self, request: Any, context: Any) -> Any:
        return _checked(request, config_failures(plain_map(properties(request.news))))

    @_told
    async def DiffConfig(self, request: Any, context: Any) -> Any:
        moved = plain_map(properties(request.olds)).get("state") != plain_map(properties(request.news)).get("state")
        return _diff_response(
            Difference(changed={"state": Kind.UPDATE} if moved else {}, replaces=frozenset({"state"}))
        )

    @_told
    async def Configure(self, request: Any, context: Any) -> Any:
        state = plain_map(properties(request.args)).get("state")
        if state is not None and not holds_unknown(state):
            run = Run(Path(state))
            self._handlers = {
                "slipway:local:Service": ServiceHandler(run, self._cancelled),
                "slipway:local:File": FileHandler(run),
            }
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_told
    async def Check(self, request: Any, context: Any) -> Any:
        failures = await asyncio.to_thread(self._handler(request).check, properties(request.news))
        return _checked(request, failures)

    @_told
    async def Diff(self, request: Any, context: Any) -> Any:
        difference = await asyncio.to_thread(
            self._handler(request).diff,
            request.id,
            properties(request.old_inputs),
            properties(request.olds),
            properties(request.news),
        )
        return _diff_response(difference)

    @_told
    async def Create(self, request: Any, context: Any) -> Any:
        handler, inputs = self._handler(request), properties(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=struct(inputs | handler.preview(inputs, {})))
        resource_id, outputs = await asyncio.to_thread(
            handler.create, _name(request.urn), request.urn, inputs, request.timeout
        )
        return provider_pb2.CreateResponse(id=resource_id, properties=struct(inputs | outputs))

    @_told
    async def Read(self, request: Any, context: Any) -> Any:
        found = await asyncio.to_thread(
            self._handler(request).read, request.id, properties(request.inputs), properties(request.properties)
        )
        if found is None:
            return provider_pb2.ReadResponse()
        inputs, outputs = found
        return provider_pb2.ReadResponse(id=request.id, inputs=struct(inputs), properties=struct(inputs | outputs))

    @_told
    async def Update(self, request: Any, context: Any) -> Any:
        handler, inputs, outputs = self._handler(request), properties(request.news), properties(request.olds)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=struct(inputs | handler.preview(inputs, outputs)))
        updated = await asyncio.to_thread(
            handler.update,
            request.id,
            request.urn,
            properties(request.old_inputs),
            outputs,
            inputs,
            request.timeout,
        )
        return provider_pb2.UpdateResponse(properties=struct(inputs | updated))

    @_told
    async def Delete(self, request: Any, context: Any) -> Any:
        await asyncio.to_thread(self._handler(request).delete, request.id, properties(request.properties))
        return Empty()

    @_told
    async def Cancel(self, request: Any, context: Any) -> Any:
        self._cancelled.set()
        return Empty()

    def _handler(self, request: Any) -> Handler:
        kind = request.urn.split("::")[2].rsplit("$", 1)[-1]
        if kind not in self._handlers:
            hint = "give the resource a Provider(state=...)" if not self._handlers else "there are Service and File"
            raise SlipwayError(f"the slipway provider cannot make a {kind} here", hint=hint)
        return self._handlers[kind]


def config_failures(config: dict[str, Any]) -> list[Failure]:
    """What is wrong with a Provider's own inputs."""
    failures = [Failure(path=key, reason="there is no such input") for key in config.keys() - {"state", "version"}]
    state = config.get("state")
    if not isinstance(state, str):
        return [*failures, Failure(path="state", reason="is required: the run folder, an absolute path")]
    if not holds_unknown(state) and (problem := path_problem(state)):
        failures.append(Failure(path="state", reason=problem))
    return failures


def _checked(request: Any, failures: list[Failure]) -> Any:
    told = [provider_pb2.CheckFailure(property=failure.path, reason=failure.reason) for failure in failures]
    return provider_pb2.CheckResponse(inputs=request.news, failures=told)


def _diff_response(difference: Difference) -> Any:
    kinds = provider_pb2.PropertyDiff
    plain = {Kind.ADD: kinds.ADD, Kind.DELETE: kinds.DELETE, Kind.UPDATE: kinds.UPDATE}
    replacing = {Kind.ADD: kinds.ADD_REPLACE, Kind.DELETE: kinds.DELETE_REPLACE, Kind.UPDATE: kinds.UPDATE_REPLACE}
    detailed = {
        path: kinds(kind=(replacing if path in difference.replaces else plain)[kind], inputDiff=True)
        for path, kind in difference.changed.items()
    }
    if difference.drift is not None:
        detailed[difference.drift] = kinds(kind=kinds.UPDATE)
    outcome = provider_pb2.DiffResponse
    return provider_pb2.DiffResponse(
        changes=outcome.DIFF_SOME if difference.any else outcome.DIFF_NONE,
        replaces=sorted(difference.replaces & difference.changed.keys()),
        diffs=sorted({path.partition(".")[0] for path in detailed}),
        deleteBeforeReplace=difference.delete_first,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS))
    cancelled, ended = threading.Event(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)

    server = grpc.aio.server(options=[("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(cancelled), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # the engine reads it

    engine = os.getppid()
    while not ended.is_set() and os.getppid() == engine:  # an engine that was killed says no goodbye
        with_timeout = asyncio.wait_for(ended.wait(), _PARENT_POLL_S)
        await asyncio.gather(with_timeout, return_exceptions=True)
    cancelled.set()
    await server.stop(_LAST_WORDS_S)


def main() -> None:
    """Serve until the engine interrupts or goes away."""
    asyncio.run(_serve())
    sys.stdout.flush()
    os._exit(0)  # a thread may still wait for a service; what it was doing is on record
