"""The provider's executable: the engine's gRPC protocol around Life. One process for each provider resource."""

import functools
import hashlib
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
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.engine.simulated.core.cloud import Cloud
from tests.engine.simulated.core.faults import Faults
from tests.engine.simulated.core.holdings import VARIABLE, Holdings
from tests.engine.simulated.core.life import Difference, Life
from tests.engine.simulated.core.problem import Problem, RefusedError
from tests.engine.simulated.core.wire import Plain, is_known, plain, secret_texts, struct

_THREADS = 16
_MAX_MESSAGE_BYTES = 400 * 1024 * 1024  # as the engine's own limit
_PARENT_POLL_S = 1.0
_LAST_WORDS_S = 1.0

_Rpc = TypeVar("_Rpc", bound=Callable[..., Any])


def _told(rpc: _Rpc) -> _Rpc:
    """The cloud's refusals reach the user as they are; what is ours to mend says where."""

    @functools.wraps(rpc)
    def wrapped(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return rpc(self, request, context)
        except RefusedError as refused:
            message = str(refused)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            message = f"internal error: {type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
        return context.abort(grpc.StatusCode.UNKNOWN, message)

    return cast(_Rpc, wrapped)


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._cloud = cloud
        self._holdings = Holdings(folder)
        self._faults = Faults(folder, self._holdings)
        self._life: Life | None = None

    @_told
    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @_told
    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._cloud.version)

    @_told
    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(
            schema=json.dumps({"name": self._cloud.name, "version": self._cloud.version})
        )

    @_told
    def GetMapping(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingResponse()

    @_told
    def GetMappings(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingsResponse()

    @_told
    def CheckConfig(self, request: Any, context: Any) -> Any:
        return _checked(request.news, request.news, self._cloud.config_problems(_configuration(request.news)))

    @_told
    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Another region or account is another provider; what it puts on resources may change."""
        olds, news = _configuration(request.olds), _configuration(request.news)
        changed = [key for key in self._cloud.settles if olds.get(key) != news.get(key)]
        some = olds != news
        outcome = provider_pb2.DiffResponse
        return outcome(
            changes=outcome.DIFF_SOME if some else outcome.DIFF_NONE, replaces=changed, diffs=sorted(changed)
        )

    @_told
    def Configure(self, request: Any, context: Any) -> Any:
        config = _configuration(request.args)
        if is_known(config):
            self._life = Life(self._cloud, self._cloud.place(config), self._holdings, self._faults)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_told
    def Invoke(self, request: Any, context: Any) -> Any:
        return _invoked(self._living.invoke(request.tok, request.args))

    @_told
    def Check(self, request: Any, context: Any) -> Any:
        draw = hashlib.sha256(request.randomSeed + request.urn.encode()).hexdigest()
        token, name = _identity(request.urn)
        inputs, problems = self._living.check(token, name, request.news, request.olds, draw)
        return _checked(inputs, request.news, problems)

    @_told
    def Diff(self, request: Any, context: Any) -> Any:
        token, _ = _identity(request.urn)
        return _diff_response(self._living.difference(token, request.old_inputs, request.news, request.olds))

    @_told
    def Create(self, request: Any, context: Any) -> Any:
        token, name = _identity(request.urn)
        if request.preview:
            return provider_pb2.CreateResponse(properties=self._living.foreseen(token, name, request.properties))
        resource_id, outputs = self._living.create(token, name, request.urn, request.properties)
        return provider_pb2.CreateResponse(id=resource_id, properties=outputs)

    @_told
    def Read(self, request: Any, context: Any) -> Any:
        token, _ = _identity(request.urn)
        found = self._living.read(token, request.id, request.properties)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, inputs=found[0], properties=found[1])

    @_told
    def Update(self, request: Any, context: Any) -> Any:
        token, name = _identity(request.urn)
        change = self._living.update_foreseen if request.preview else self._living.update
        return provider_pb2.UpdateResponse(properties=change(token, name, request.id, request.olds, request.news))

    @_told
    def Delete(self, request: Any, context: Any) -> Any:
        token, name = _identity(request.urn)
        self._living.delete(token, name, request.id, request.properties)
        return Empty()

    @_told
    def Cancel(self, request: Any, context: Any) -> Any:
        return Empty()

    @property
    def _living(self) -> Life:
        if self._life is None:
            raise RefusedError("NotConfigured", "the provider's own inputs are not known yet")
        return self._life


def _invoked(answer: Plain) -> Any:
    response = provider_pb2.InvokeResponse()
    getattr(response, "return").CopyFrom(struct(answer))  # a word of Python's own
    return response


def _identity(urn: str) -> tuple[str, str]:
    """A resource's type and its name in the program."""
    *_, types, name = urn.split("::", 3)
    return types.rsplit("$", 1)[-1], name


def _configuration(args: Struct) -> Plain:
    """A provider's inputs; the SDK sends whatever is no text as JSON in a text."""
    return {key: _unpacked(value) for key, value in plain(args).items() if key not in ("version", "pluginDownloadURL")}


def _unpacked(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "[", "t", "f"):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _checked(inputs: Struct, given: Struct, problems: Iterable[Problem]) -> Any:
    """A problem's words may hold a value, and a value may be a secret."""
    hidden = [text for text in secret_texts(given) if text]

    def told(words: str) -> str:
        for text in hidden:
            words = words.replace(text, "[secret]")
        return words

    # no `property`: the engine would print the value that stands there
    failures = [provider_pb2.CheckFailure(reason=told(f"{it.path}: {it.reason}")) for it in problems]
    return provider_pb2.CheckResponse(inputs=inputs, failures=failures)


def _diff_response(difference: Difference) -> Any:
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


def serve(cloud: Cloud) -> None:
    """Serve until the engine interrupts or goes away."""
    server = grpc.server(
        ThreadPoolExecutor(_THREADS),
        options=[
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ],
    )
    servicer = Servicer(cloud, Path(os.environ[VARIABLE]))
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
