"""What runs processes here, as EKS and GKE do elsewhere: one supervisord, driven by the provider of ours.

The provider starts it with the first Service and stops it with the last; there is nothing else to build.
"""

from pulumi import ComponentResource, ResourceOptions

from infra.local.provider import Provider
from slipway.paths import State


class Cluster(ComponentResource):
    provider: Provider

    def __init__(self, name: str, state: State, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:local:Cluster", name, None, opts)
        self.provider = Provider(name, state=str(state.run), opts=ResourceOptions(parent=self))
        self.register_outputs({})
