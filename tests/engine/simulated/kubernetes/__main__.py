"""`pulumi-resource-kubernetes`, as the engine starts it from PATH: a simulation that previews and does no more."""

from importlib.metadata import version
from typing import Any

from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.engine.simulated.core.problem import RefusedError
from tests.engine.simulated.core.protocol import checked, serve, told


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    @told
    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @told
    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi_kubernetes"))

    @told
    def CheckConfig(self, request: Any, context: Any) -> Any:
        return checked(request.news, request.news, ())

    @told
    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @told
    def Check(self, request: Any, context: Any) -> Any:
        return checked(request.news, request.news, ())

    @told
    def Create(self, request: Any, context: Any) -> Any:
        if not request.preview:
            raise RefusedError("SimulatedCluster", "this stand-in previews; make test-cluster applies to a real one")
        return provider_pb2.CreateResponse(properties=request.properties)


if __name__ == "__main__":
    serve(Servicer())
