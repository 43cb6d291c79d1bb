"""Where runs are tracked: MLflow, served by SageMaker, only where settings ask for it, since it is paid by the hour.

Without it a trainer keeps its metrics in the release and nowhere else.
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws.sagemaker import MlflowTrackingServer

from infra.aws.policies import Realm, allow, role, trust
from infra.aws.storage import Storage
from infra.stores import RUNS


@dataclass(frozen=True, kw_only=True)
class TrackingArgs:
    """protect: the server, and with it the record of every run, is not deleted with the stack."""

    storage: Storage
    realm: Realm
    protect: bool


class Tracking(ComponentResource):
    """MLflow, served by SageMaker. uri: what MLflow's client takes, with the sagemaker-mlflow plug-in."""

    uri: Output[str]

    def __init__(self, name: str, args: TrackingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Tracking", name, None, opts)
        child = ResourceOptions(parent=self)
        keeper, policy = role(
            name,
            args.realm,
            trusted=trust("sagemaker.amazonaws.com", args.realm.account),
            may=[
                allow("s3:GetObject", "s3:PutObject", on=[args.storage.under(RUNS)]),
                allow("s3:ListBucket", on=[args.storage.arn]),
                allow("kms:Decrypt", "kms:GenerateDataKey", on=[args.storage.key_arn]),
            ],
            opts=child,
        )
        server = MlflowTrackingServer(
            name,
            tracking_server_name=f"slipway-{args.realm.stack}",
            tracking_server_size="Small",
            artifact_store_uri=Output.concat(args.storage.url, "/", RUNS.rstrip("/")),
            role_arn=keeper.arn,
            opts=ResourceOptions(parent=self, protect=args.protect, depends_on=[policy]),
        )
        self.uri = server.arn
        self.register_outputs({"uri": self.uri})
