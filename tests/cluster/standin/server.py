"""The engine's gRPC protocol around Objects. One process for each provider resource."""

import hashlib
import threading
from importlib.metadata import version
from typing import Any

from google.protobuf.empty_pb2 import Empty
from kubernetes.config import ConfigException
from pulumi.runtime.proto import provider_pb2

from tests.cluster.api import Api, UnreachableError
from tests.cluster.standin.objects import Objects
from tests.cluster.standin.settings import Settings, parse, problems, replacing
from tests.engine.simulated.core.difference import Difference, changes
from tests.engine.simulated.core.problem import RefusedError
from tests.engine.simulated.core.protocol import Plugin, checked, configuration, diff_response, identity, told
from tests.engine.simulated.core.wire import Plain, is_known, plain


class Servicer(Plugin):
    def __init__(self) -> None:
        super().__init__("kubernetes", version("pulumi-kubernetes"))
        self._cancelled = threading.Event()
        self._objects: Objects | None = None

    @told
    def CheckConfig(self, request: Any, context: Any) -> Any:
        return checked(request.news, request.news, problems(configuration(request.news)))

    @told
    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Another cluster is another provider; another way to the same is not."""
        before, after = plain(request.olds), plain(request.news)
        found = [change for change in changes(before, after) if change.path != "version"]
        replaces = replacing(before, after) & {change.path for change in found}
        return diff_response(Difference(changes=found, replaces=replaces, delete_first=False))

    @told
    def Configure(self, request: Any, context: Any) -> Any:
        inputs = _flags(plain(request.args))
        if is_known(inputs):
            settings = parse(inputs)
            self._objects = Objects(_api(settings), settings, self._cancelled)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @told
    def Invoke(self, request: Any, context: Any) -> Any:
        raise RefusedError("NotImplemented", f"the stand-in of the tests knows no function {request.tok}")

    @told
    def Check(self, request: Any, context: Any) -> Any:
        if self._objects is None:
            return checked(request.news, request.news, ())
        letters = hashlib.sha256(request.randomSeed + request.urn.encode()).hexdigest()
        _, name = identity(request.urn)
        inputs, wrong = self._objects.check(name, request.news, request.olds, letters)
        return checked(inputs, request.news, wrong)

    @told
    def Diff(self, request: Any, context: Any) -> Any:
        if self._objects is None:
            found = changes(plain(request.old_inputs), plain(request.news))
            return diff_response(Difference(changes=found, replaces=frozenset(), delete_first=False))
        return diff_response(self._objects.difference(request.urn, request.old_inputs, request.news))

    @told
    def Create(self, request: Any, context: Any) -> Any:
        if request.preview:
            return provider_pb2.CreateResponse(properties=self._foreseen(request.urn, request.properties))
        resource_id, outputs = self._there.create(request.urn, request.properties, request.timeout)
        return provider_pb2.CreateResponse(id=resource_id, properties=outputs)

    @told
    def Read(self, request: Any, context: Any) -> Any:
        token, _ = identity(request.urn)
        found = self._there.read(token, request.id, request.inputs, request.urn)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, inputs=found[0], properties=found[1])

    @told
    def Update(self, request: Any, context: Any) -> Any:
        if request.preview:
            return provider_pb2.UpdateResponse(properties=self._foreseen(request.urn, request.news))
        return provider_pb2.UpdateResponse(properties=self._there.update(request.urn, request.news, request.timeout))

    @told
    def Delete(self, request: Any, context: Any) -> Any:
        token, _ = identity(request.urn)
        self._there.delete(token, request.id, request.properties, request.timeout)
        return Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        self._cancelled.set()
        return Empty()

    def _foreseen(self, urn: str, inputs: Any) -> Any:
        """On a cluster that is still to come, what the program says and no more."""
        return inputs if self._objects is None else self._objects.foreseen(urn, inputs)

    @property
    def _there(self) -> Objects:
        if self._objects is None:
            raise UnreachableError("the provider's own inputs are not known yet")
        return self._objects


def _flags(inputs: Plain) -> Plain:
    """The SDK sends flags as text; a kubeconfig may be JSON, and stays text."""
    return {key: {"true": True, "false": False}.get(value, value) for key, value in inputs.items()}


def _api(settings: Settings) -> Api:
    try:
        return Api(settings.kubeconfig, settings.context)
    except ConfigException as error:
        raise RefusedError("NoKubeconfig", str(error)) from None
