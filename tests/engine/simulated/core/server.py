"""The provider's executable: the engine's gRPC protocol around Life. One process for each provider resource."""

import hashlib
import os
from pathlib import Path
from typing import Any

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2

from tests.engine.simulated.core import protocol
from tests.engine.simulated.core.cloud import Cloud
from tests.engine.simulated.core.faults import Faults
from tests.engine.simulated.core.holdings import VARIABLE, Holdings
from tests.engine.simulated.core.life import Life
from tests.engine.simulated.core.problem import RefusedError
from tests.engine.simulated.core.protocol import Plugin, checked, configuration, diff_response, identity, told
from tests.engine.simulated.core.wire import Plain, is_known, struct


class Servicer(Plugin):
    def __init__(self, cloud: Cloud, folder: Path) -> None:
        super().__init__(cloud.name, cloud.version)
        self._cloud = cloud
        self._holdings = Holdings(folder)
        self._faults = Faults(folder, self._holdings)
        self._life: Life | None = None

    @told
    def CheckConfig(self, request: Any, context: Any) -> Any:
        return checked(request.news, request.news, self._cloud.config_problems(configuration(request.news)))

    @told
    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Another region or account is another provider; what it puts on resources may change."""
        olds, news = configuration(request.olds), configuration(request.news)
        changed = [key for key in self._cloud.settles if olds.get(key) != news.get(key)]
        some = olds != news
        outcome = provider_pb2.DiffResponse
        return outcome(
            changes=outcome.DIFF_SOME if some else outcome.DIFF_NONE, replaces=changed, diffs=sorted(changed)
        )

    @told
    def Configure(self, request: Any, context: Any) -> Any:
        config = configuration(request.args)
        if is_known(config):
            self._life = Life(self._cloud, self._cloud.place(config), self._holdings, self._faults)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @told
    def Invoke(self, request: Any, context: Any) -> Any:
        return _invoked(self._living.invoke(request.tok, request.args))

    @told
    def Check(self, request: Any, context: Any) -> Any:
        draw = hashlib.sha256(request.randomSeed + request.urn.encode()).hexdigest()
        token, name = identity(request.urn)
        inputs, problems = self._living.check(token, name, request.news, request.olds, draw)
        return checked(inputs, request.news, problems)

    @told
    def Diff(self, request: Any, context: Any) -> Any:
        token, _ = identity(request.urn)
        return diff_response(self._living.difference(token, request.old_inputs, request.news, request.olds))

    @told
    def Create(self, request: Any, context: Any) -> Any:
        token, name = identity(request.urn)
        if request.preview:
            return provider_pb2.CreateResponse(properties=self._living.foreseen(token, name, request.properties))
        resource_id, outputs = self._living.create(token, name, request.urn, request.properties)
        return provider_pb2.CreateResponse(id=resource_id, properties=outputs)

    @told
    def Read(self, request: Any, context: Any) -> Any:
        token, _ = identity(request.urn)
        found = self._living.read(token, request.id, request.properties)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, inputs=found[0], properties=found[1])

    @told
    def Update(self, request: Any, context: Any) -> Any:
        token, name = identity(request.urn)
        change = self._living.update_foreseen if request.preview else self._living.update
        return provider_pb2.UpdateResponse(properties=change(token, name, request.id, request.olds, request.news))

    @told
    def Delete(self, request: Any, context: Any) -> Any:
        token, name = identity(request.urn)
        self._living.delete(token, name, request.id, request.properties)
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


def serve(cloud: Cloud) -> None:
    """Serve until the engine interrupts or goes away."""
    protocol.serve(Servicer(cloud, Path(os.environ[VARIABLE])))
