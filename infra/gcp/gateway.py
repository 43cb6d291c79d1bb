"""How the balancer reaches one region: a serverless network endpoint group in front of its predictor."""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_gcp.compute import RegionNetworkEndpointGroup

from infra.gcp.serverless import Predictor


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    region: str
    predictor: Predictor


class Gateway(ComponentResource):
    """group: what a backend of the balancer names. predictor: behind it."""

    group: Output[str]
    predictor: Predictor

    def __init__(self, name: str, args: GatewayArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Gateway", name, None, opts)
        self.predictor = args.predictor
        self.group = RegionNetworkEndpointGroup(
            name,
            region=args.region,
            network_endpoint_type="SERVERLESS",
            cloud_run={"service": args.predictor.name},
            opts=ResourceOptions(parent=self),
        ).id
        self.register_outputs({})
