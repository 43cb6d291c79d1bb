"""The life of resources in the simulated GCP: what they refer to, what is kept, what is sold out. Without an engine."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from tests.engine.simulated.core.cloud import Place
from tests.engine.simulated.core.faults import Fault, Faults, StockOut
from tests.engine.simulated.core.holdings import Holdings
from tests.engine.simulated.core.life import Life
from tests.engine.simulated.core.problem import RefusedError
from tests.engine.simulated.core.wire import UNKNOWN, plain, struct
from tests.engine.simulated.gcp.cloud import Gcp
from tests.engine.simulated.gcp.outputs import number

PROJECT = "acme-vision-dev"
GCP = Gcp()
NETWORK, SUBNET = "gcp:compute/network:Network", "gcp:compute/subnetwork:Subnetwork"
CLUSTER, POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
ACCOUNT, BINDING = "gcp:serviceaccount/account:Account", "gcp:storage/bucketIAMMember:BucketIAMMember"
TOPIC, BUCKET = "gcp:pubsub/topic:Topic", "gcp:storage/bucket:Bucket"
RING, KEY = "gcp:kms/keyRing:KeyRing", "gcp:kms/cryptoKey:CryptoKey"
REPOSITORY, RUN = "gcp:artifactregistry/repository:Repository", "gcp:cloudrunv2/service:Service"
POOLED = f"principal://iam.googleapis.com/projects/{number(PROJECT)}/locations/global/workloadIdentityPools/"


class World:
    """One project with a provider in one region. faults: what goes wrong."""

    def __init__(self, folder: Path) -> None:
        self.holdings = Holdings(folder)
        self._faults = Faults(folder, self.holdings)
        self.life = self.in_region("asia-south1")

    def in_region(self, region: str, **labels: str) -> Life:
        return Life(GCP, Place(account=PROJECT, region=region, labels=labels), self.holdings, self._faults)

    def told(self, *faults: Fault) -> None:
        self._faults.write(*faults)

    def make(self, token: str, called: str, **inputs: Any) -> dict[str, Any]:
        """As the engine does: checked, then created. The outputs, with the id."""
        checked, problems = self.life.check(token, called, struct(inputs), Struct(), "0123456789abcdef")
        assert not problems, problems
        made, outputs = self.life.create(token, called, f"urn:pulumi:dev::trial::{token}::{called}", checked)
        return plain(outputs) | {"id": made}

    def subnet(self) -> dict[str, Any]:
        network = self.make(NETWORK, "network", autoCreateSubnetworks=False)
        return self.make(SUBNET, "zone", network=network["selfLink"], ipCidrRange="10.20.0.0/20")

    def cluster(self, **inputs: Any) -> dict[str, Any]:
        subnet = self.subnet()
        where = {"location": "asia-south1", "network": subnet["network"], "subnetwork": subnet["selfLink"]}
        return self.make(CLUSTER, "main", initialNodeCount=1, **where, **inputs)

    def pool(self, **inputs: Any) -> None:
        """A node pool that starts one node at once."""
        node = {"machineType": "g2-standard-4", "spot": True} | inputs.pop("nodeConfig", {})
        given = {"autoscaling": {"minNodeCount": 1, "maxNodeCount": 4}, "nodeLocations": ["asia-south1-a"]} | inputs
        main = self.cluster(deletionProtection=False)
        self.make(POOL, "train", cluster=main["id"], location="asia-south1", nodeConfig=node, **given)

    def delete(self, called: str, token: str = "") -> None:
        held = self.holdings.named(called, token)
        self.life.delete(held.token, called, held.id, held.outputs)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_link_to_what_is_not_there_is_refused(world: World):
    link = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global/networks/gone"
    with pytest.raises(RefusedError, match=r"Error 404: .*networks/gone \(network\) was not found"):
        world.make(SUBNET, "zone", network=link, ipCidrRange="10.20.0.0/20")


def test_a_network_may_be_named_by_its_link_its_id_or_its_name(world: World):
    network = world.make(NETWORK, "network")
    for position, by in enumerate(("selfLink", "id", "name")):
        world.make(SUBNET, f"zone-{position}", network=network[by], ipCidrRange=f"10.{position}.0.0/20")


def test_two_subnets_of_a_network_do_not_overlap(world: World):
    subnet = world.subnet()
    world.life = world.in_region("us-central1")
    with pytest.raises(RefusedError, match=r"10\.20\.8\.0/24 overlaps 10\.20\.0\.0/20 of subnetwork zone"):
        world.make(SUBNET, "other", network=subnet["network"], ipCidrRange="10.20.8.0/24")
    elsewhere = world.make(NETWORK, "elsewhere")["id"]
    world.make(SUBNET, "other", network=elsewhere, ipCidrRange="10.20.8.0/24")


def test_a_cluster_asks_for_ranges_that_its_subnet_has(world: World):
    with pytest.raises(RefusedError, match="subnetwork zone has no secondary range pods"):
        world.cluster(ipAllocationPolicy={"clusterSecondaryRangeName": "pods"})


def test_the_machines_of_a_control_plane_have_a_range_of_their_own(world: World):
    with pytest.raises(RefusedError, match=r"masterIpv4CidrBlock: 10\.20\.0\.0/28 overlaps 10\.20\.0\.0/20"):
        world.cluster(privateClusterConfig={"masterIpv4CidrBlock": "10.20.0.0/28"})


def test_what_another_uses_is_not_deleted_and_then_is(world: World):
    world.subnet()
    with pytest.raises(RefusedError, match="resourceInUseByAnotherResource"):
        world.delete("network")
    world.delete("zone")
    world.delete("network")
    assert not world.holdings.all()


def test_a_name_is_taken_in_its_region_only(world: World):
    network = world.make(NETWORK, "network")["id"]
    world.make(SUBNET, "zone", name="zone", network=network, ipCidrRange="10.0.0.0/20")
    with pytest.raises(RefusedError, match="Error 409"):
        world.make(SUBNET, "zone", name="zone", network=network, ipCidrRange="10.1.0.0/20")
    world.life = world.in_region("us-central1")
    world.make(SUBNET, "zone", name="zone", network=network, ipCidrRange="10.1.0.0/20")


def test_a_bucket_belongs_to_the_whole_world(world: World):
    world.make(BUCKET, "store", name="acme-store", location="ASIA-SOUTH1")
    with pytest.raises(RefusedError, match="Error 409"):
        world.make(BUCKET, "store", name="acme-store", location="US-CENTRAL1")


def test_a_cluster_is_protected_until_the_program_says_otherwise(world: World):
    world.cluster()
    with pytest.raises(RefusedError, match="deletionProtection"):
        world.delete("main")
    world.holdings.drift("main", deletionProtection=False)
    world.delete("main")


def test_a_key_ring_is_never_gone(world: World):
    world.make(RING, "keys", name="keys", location="asia-south1")
    world.delete("keys")
    with pytest.raises(RefusedError, match="already exists"):
        world.make(RING, "keys", name="keys", location="asia-south1")


def test_a_pool_of_identities_cannot_come_back_under_its_name(world: World):
    pool = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
    world.make(pool, "ci", workloadIdentityPoolId="github-dev")
    world.delete("ci")
    with pytest.raises(RefusedError, match="already exists"):
        world.make(pool, "ci", workloadIdentityPoolId="github-dev")


def test_a_member_that_is_no_account_of_the_project_is_not_found(world: World):
    world.make(BUCKET, "store", name="acme-store", location="ASIA-SOUTH1")
    role = {"bucket": "acme-store", "role": "roles/storage.objectViewer"}
    member = f"serviceAccount:train-role@{PROJECT}.iam.gserviceaccount.com"
    with pytest.raises(RefusedError, match="was not found"):
        world.make(BINDING, "read", member=member, **role)
    assert world.make(ACCOUNT, "train", accountId="train-role")["member"] == member
    world.make(BINDING, "read", member=member, **role)


def test_two_bindings_may_differ_in_their_condition_alone(world: World):
    world.make(BUCKET, "store", name="acme-store", location="ASIA-SOUTH1")
    role = {"bucket": "acme-store", "role": "roles/storage.objectViewer", "member": "user:ana@example.com"}
    world.make(BINDING, "read", **role)
    until = {"title": "until", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"}
    world.make(BINDING, "read", **role, condition=until)
    with pytest.raises(RefusedError, match="Error 409"):
        world.make(BINDING, "read", **role, condition=until)


def test_a_certificate_is_global_unless_the_program_says_otherwise(world: World):
    proof = world.make("gcp:certificatemanager/dnsAuthorization:DnsAuthorization", "proof", domain="api.example.com")
    managed = {"domains": ["api.example.com"], "dnsAuthorizations": [proof["id"]]}
    made = world.make("gcp:certificatemanager/certificate:Certificate", "edge", managed=managed)
    assert "/locations/global/" in made["id"]


def test_identities_of_kubernetes_are_there_from_the_first_cluster_on(world: World):
    world.make(BUCKET, "store", name="acme-store", location="ASIA-SOUTH1")
    member = f"{POOLED}{PROJECT}.svc.id.goog/subject/ns/slipway/sa/trainer"
    role = {"bucket": "acme-store", "role": "roles/storage.objectUser", "member": member}
    with pytest.raises(RefusedError, match=r"svc\.id\.goog \(member\) was not found"):
        world.make(BINDING, "read", **role)
    world.cluster(deletionProtection=False)
    world.make(BINDING, "read", **role)
    world.delete("main")


def test_an_image_of_the_project_needs_its_repository(world: World):
    image = f"asia-south1-docker.pkg.dev/{PROJECT}/slipway/predictor@sha256:{'0' * 64}"
    inputs = {"location": "asia-south1", "template": {"containers": [{"image": image}]}}
    with pytest.raises(RefusedError, match=r"slipway .* was not found"):
        world.make(RUN, "predictor", **inputs)
    world.make(REPOSITORY, "images", repositoryId="slipway", location="asia-south1", format="DOCKER")
    assert world.make(RUN, "predictor", **inputs)["uri"].endswith(".run.app")


def test_a_preview_knows_project_name_and_labels_and_not_the_link(world: World):
    world.life = world.in_region("asia-south1", owner="ml")
    checked, _ = world.life.check(TOPIC, "tasks", struct({"labels": {"queue": "tasks"}}), Struct(), "0123456789abcdef")
    told = plain(world.life.foreseen(TOPIC, "tasks", checked))
    assert (told["name"], told["project"]) == ("tasks-0123456", PROJECT)
    assert told["effectiveLabels"] == {"owner": "ml", "queue": "tasks"}
    network, _ = world.life.check(NETWORK, "network", struct({}), Struct(), "0123456789abcdef")
    assert plain(world.life.foreseen(NETWORK, "network", network))["selfLink"] == UNKNOWN


def test_another_label_of_the_provider_is_a_change_of_what_carries_labels(world: World):
    world.make(TOPIC, "tasks")
    held = world.holdings.named("tasks")
    world.life = world.in_region("asia-south1", owner="ml")
    difference = world.life.difference(TOPIC, held.inputs, held.inputs, held.outputs)
    assert {change.path.split(".")[0] for change in difference.changes} == {"pulumiLabels", "effectiveLabels"}
    assert not difference.replaces


def test_a_service_has_another_revision_after_a_change(world: World):
    inputs: dict[str, Any] = {"location": "asia-south1", "template": {"containers": [{"image": "a/b"}]}}
    before = world.make(RUN, "predictor", **inputs)
    changed = struct(inputs | {"name": before["name"], "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"})
    after = plain(world.life.update(RUN, "predictor", before["id"], struct(before), changed))
    assert (before["generation"], after["generation"]) == ("1", "2")


def test_machines_that_are_sold_out_are_told(world: World):
    world.told(StockOut(zone="asia-south1-a", capacity="SPOT"))
    with pytest.raises(RefusedError, match="no SPOT capacity for g2-standard-4 in asia-south1-a"):
        world.pool()


def test_a_pool_that_may_take_another_zone_takes_it(world: World):
    world.told(StockOut(zone="asia-south1-a", capacity="SPOT"))
    world.pool(nodeLocations=["asia-south1-a", "asia-south1-b"])


@pytest.mark.parametrize(
    ("node", "capacity"),
    [
        ({}, "SPOT"),
        ({"spot": False}, "ON_DEMAND"),
        ({"spot": False, "flexStart": True}, "FLEX_START"),
        ({"spot": False, "reservationAffinity": {"consumeReservationType": "SPECIFIC_RESERVATION"}}, "RESERVED"),
    ],
)
def test_a_node_is_of_the_kind_of_capacity_that_its_pool_asks_for(world: World, node: dict[str, Any], capacity: str):
    world.told(StockOut(capacity=capacity))
    with pytest.raises(RefusedError, match=f"no {capacity} capacity"):
        world.pool(nodeConfig=node)


def test_what_is_sold_out_as_spot_is_there_on_demand(world: World):
    world.told(StockOut(capacity="SPOT"))
    world.pool(nodeConfig={"spot": False})
    assert world.holdings.named("train").region == "asia-south1"


def test_a_pool_that_starts_nothing_meets_no_stock_out(world: World):
    world.told(StockOut())
    world.pool(autoscaling={"minNodeCount": 0, "maxNodeCount": 4})
    assert world.holdings.named("train").region == "asia-south1"
