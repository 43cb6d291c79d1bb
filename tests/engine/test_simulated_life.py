"""The life of resources in the simulated AWS, and how it fails when told to: without an engine."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from tests.engine.simulated.aws.cloud import Aws
from tests.engine.simulated.core.cloud import Place
from tests.engine.simulated.core.faults import ATTEMPTS, Failure, Fault, Faults, Quota, StockOut, Throttled
from tests.engine.simulated.core.holdings import Holdings
from tests.engine.simulated.core.life import Life
from tests.engine.simulated.core.problem import RefusedError
from tests.engine.simulated.core.wire import UNKNOWN, plain, struct

ACCOUNT = "123456789012"
AWS = Aws()
VPC, SUBNET, QUEUE = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:sqs/queue:Queue"
GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
BUCKET, POLICY = "aws:s3/bucket:Bucket", "aws:s3/bucketPolicy:BucketPolicy"
STOCK = ["p5.48xlarge", "p4d.24xlarge"]


class World:
    """One account with a provider in one region. faults: what goes wrong."""

    def __init__(self, folder: Path) -> None:
        self.holdings = Holdings(folder)
        self._faults = Faults(folder, self.holdings)
        self.life = self.in_region("us-east-1")

    def in_region(self, region: str) -> Life:
        return Life(AWS, Place(account=ACCOUNT, region=region), self.holdings, self._faults)

    def told(self, *faults: Fault) -> None:
        self._faults.write(*faults)

    def make(self, token: str, name: str, **inputs: Any) -> tuple[str, dict[str, Any]]:
        """As the engine does: checked, then created. The id and the outputs."""
        checked, problems = self.life.check(token, name, struct(inputs), Struct(), "0123456789abcdef")
        assert not problems, problems
        made, outputs = self.life.create(token, name, f"urn:pulumi:dev::trial::{token}::{name}", checked)
        return made, plain(outputs)

    def network(self) -> tuple[str, str]:
        """A network with one subnet, by their ids."""
        vpc, _ = self.make(VPC, "network", cidrBlock="10.20.0.0/16")
        subnet, _ = self.make(SUBNET, "zone", vpcId=vpc, cidrBlock="10.20.0.0/18", availabilityZoneId="use1-az4")
        return vpc, subnet

    def pool(self, **inputs: Any) -> None:
        """A node group that starts one node at once."""
        _, subnet = self.network()
        principal = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "eks.amazonaws.com"}}
        trust = {"Version": "2012-10-17", "Statement": [principal]}
        _, role = self.make("aws:iam/role:Role", "node", assumeRolePolicy=str(trust).replace("'", '"'))
        _, main = self.make("aws:eks/cluster:Cluster", "main", roleArn=role["arn"], vpcConfig={"subnetIds": [subnet]})
        size = {"minSize": 1, "desiredSize": 1, "maxSize": 2}
        given = {"capacityType": "SPOT", "instanceTypes": STOCK, "scalingConfig": size} | inputs
        self.make(GROUP, "train", clusterName=main["name"], nodeRoleArn=role["arn"], subnetIds=[subnet], **given)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_input_that_names_nothing_is_refused(world: World):
    with pytest.raises(RefusedError, match=r"vpc-0123456789abcdef0 \(vpcId\) does not exist"):
        world.make(SUBNET, "zone", vpcId="vpc-0123456789abcdef0", cidrBlock="10.0.0.0/18")


def test_a_name_of_another_region_is_not_found(world: World):
    vpc, _ = world.make(VPC, "network", cidrBlock="10.20.0.0/16")
    world.life = world.in_region("ap-south-1")
    with pytest.raises(RefusedError, match="does not exist"):
        world.make(SUBNET, "zone", vpcId=vpc, cidrBlock="10.20.0.0/18")


def test_a_bucket_belongs_to_the_whole_world(world: World):
    world.make(BUCKET, "store", bucket="slipway-store")
    world.life = world.in_region("ap-south-1")
    with pytest.raises(RefusedError, match="AlreadyExistsException"):
        world.make(BUCKET, "store", bucket="slipway-store")


def test_what_another_uses_is_not_deleted_and_then_is(world: World):
    vpc, subnet = world.network()
    with pytest.raises(RefusedError, match="DependencyViolation"):
        world.life.delete(VPC, "network", vpc, Struct())
    world.life.delete(SUBNET, "zone", subnet, Struct())
    world.life.delete(VPC, "network", vpc, Struct())
    assert not world.holdings.all()


def test_a_cluster_that_is_protected_is_not_deleted(world: World):
    world.pool(scalingConfig={"minSize": 0, "desiredSize": 0, "maxSize": 2})
    main = world.holdings.named("main")
    group = world.holdings.named("train")
    world.life.delete(group.token, "train", group.id, Struct())
    world.holdings.drift("main", deletionProtection=True)
    with pytest.raises(RefusedError, match="is protected from deletion"):
        world.life.delete(main.token, "main", main.id, Struct())


def test_what_is_gone_is_deleted_without_an_error(world: World):
    world.life.delete(VPC, "network", "vpc-0123456789abcdef0", Struct())


def test_a_replacement_has_other_ids(world: World):
    first, _ = world.make(VPC, "network", cidrBlock="10.20.0.0/16")
    second, _ = world.make(VPC, "network", cidrBlock="10.30.0.0/16")
    assert first != second


def test_a_preview_knows_the_name_and_not_the_address(world: World):
    checked, _ = world.life.check(QUEUE, "tasks", struct({}), Struct(), "0123456789abcdef")
    told = plain(world.life.foreseen(QUEUE, "tasks", checked))
    assert told["name"] == "tasks-0123456"
    assert told["url"] == UNKNOWN


def test_a_name_that_was_drawn_stays(world: World):
    first, _ = world.life.check(QUEUE, "tasks", struct({}), Struct(), "0123456789abcdef")
    second, _ = world.life.check(QUEUE, "tasks", struct({}), first, "fedcba9876543210")
    assert plain(second)["name"] == "tasks-0123456"


def test_a_changed_launch_template_has_a_version_that_a_preview_does_not_know(world: World):
    made, before = world.make(TEMPLATE, "node", instanceType="g6.xlarge")
    inputs = struct({"name": before["name"], "instanceType": "g6.2xlarge"})
    foreseen = plain(world.life.update_foreseen(TEMPLATE, "node", made, struct(before), inputs))
    after = plain(world.life.update(TEMPLATE, "node", made, struct(before), inputs))
    assert (before["latestVersion"], foreseen["latestVersion"], after["latestVersion"]) == (1, UNKNOWN, 2)


def test_a_change_that_the_cloud_cannot_make_in_place_replaces(world: World):
    difference = world.life.difference(
        GROUP, struct({"capacityType": "SPOT", "labels": {"a": "b"}}), struct({"capacityType": "ON_DEMAND"}), Struct()
    )
    assert [change.path for change in difference.changes] == ["capacityType", "labels"]
    assert difference.replaces == {"capacityType"}


def test_a_throttled_call_is_tried_again(world: World):
    world.told(Throttled(type="sqs", times=ATTEMPTS - 1))
    world.make(QUEUE, "tasks")


def test_a_call_that_stays_throttled_fails(world: World):
    world.told(Throttled(type="sqs", times=ATTEMPTS))
    with pytest.raises(RefusedError, match="ThrottlingException: Rate exceeded"):
        world.make(QUEUE, "tasks")


def test_a_quota_is_for_one_region(world: World):
    world.told(Quota(type="sqs/queue", limit=1))
    world.make(QUEUE, "tasks")
    with pytest.raises(RefusedError, match="the quota of 1 aws:sqs/queue:Queue is reached in us-east-1"):
        world.make(QUEUE, "more")
    world.life = world.in_region("ap-south-1")
    world.make(QUEUE, "more")


def test_a_deletion_that_fails_leaves_the_resource(world: World):
    vpc, _ = world.make(VPC, "network", cidrBlock="10.20.0.0/16")
    world.told(Failure(on="delete", type="vpc", code="AccessDenied", message="not yours"))
    with pytest.raises(RefusedError, match="AccessDenied: not yours"):
        world.life.delete(VPC, "network", vpc, Struct())
    assert world.holdings.named("network").id == vpc


def test_machines_that_are_sold_out_are_told(world: World):
    world.told(StockOut(zone="use1-az4", capacity="SPOT"))
    with pytest.raises(RefusedError, match=r"no SPOT capacity for p5\.48xlarge, p4d\.24xlarge in use1-az4"):
        world.pool()


def test_another_type_is_taken_where_one_is_sold_out(world: World):
    world.told(StockOut(machine=STOCK[0]))
    world.pool()
    assert world.holdings.named("train").region == "us-east-1"


def test_what_is_sold_out_as_spot_is_there_on_demand(world: World):
    world.told(StockOut(capacity="SPOT"))
    world.pool(capacityType="ON_DEMAND")
    assert world.holdings.named("train").region == "us-east-1"


def test_a_pool_that_starts_nothing_meets_no_stock_out(world: World):
    world.told(StockOut())
    world.pool(scalingConfig={"minSize": 0, "desiredSize": 0, "maxSize": 2})
    assert world.holdings.named("train").region == "us-east-1"


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((1, 0, 2), "Minimum capacity 1 can't be greater than desired size 0"),
        ((0, 3, 2), "desired capacity 3 can't be greater than max size 2"),
    ],
)
def test_sizes_that_do_not_go_together_are_refused(world: World, sizes: tuple[int, int, int], said: str):
    with pytest.raises(RefusedError, match=said):
        world.pool(scalingConfig=dict(zip(("minSize", "desiredSize", "maxSize"), sizes, strict=True)))


def test_an_account_has_one_monitor_of_its_services(world: World):
    monitor = {"monitorType": "DIMENSIONAL", "monitorDimension": "SERVICE"}
    world.make(MONITOR, "first", **monitor)
    with pytest.raises(RefusedError, match="Limit exceeded on dimensional spend monitor creation"):
        world.make(MONITOR, "second", **monitor)
