"""What the simulated GCP says of a registration before anything is made: no engine, one call for a sentence."""

from pathlib import Path
from typing import Any

import pytest

from tests.engine.google import GCP, problems
from tests.engine.simulated.core.cloud import Place
from tests.engine.simulated.core.kinds import Kind, Package
from tests.engine.simulated.core.problem import RefusedError
from tests.engine.simulated.core.published import follow
from tests.engine.simulated.core.wire import UNKNOWN, below
from tests.engine.simulated.gcp import api
from tests.engine.simulated.gcp.description import descriptions

SNAPSHOTS = Path(__file__).parents[1] / "stacks" / "snapshots"
SDK = Package("pulumi_gcp")
PLACE = Place(account="acme-vision-dev", region="asia-south1")
POOL, ALERT = "gcp:container/nodePool:NodePool", "gcp:monitoring/alertPolicy:AlertPolicy"
RUN, BUCKET = "gcp:cloudrunv2/service:Service", "gcp:storage/bucket:Bucket"
WORK = "gcp:pubsub/subscription:Subscription"
NETWORK, SUBNET = "gcp:compute/network:Network", "gcp:compute/subnetwork:Subnetwork"
FIREWALL, SECRET = "gcp:compute/firewall:Firewall", "gcp:secretmanager/secret:Secret"
SERVICE: dict[str, Any] = {"location": "asia-south1", "template": {"containers": [{"image": "a/b"}]}}


def pool(**node: Any) -> str:
    return problems(POOL, {"cluster": "main", "nodeConfig": node})


def instance(resources: dict[str, Any]) -> str:
    return problems(RUN, SERVICE | {"template": {"containers": [{"image": "a/b", "resources": resources}]}})


def test_what_is_right_is_accepted():
    assert not pool(machineType="g2-standard-4", spot=True, labels={"slipway.dev/pool": "train"})
    assert not problems(RUN, SERVICE | {"ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"})


def test_an_unknown_property_is_named_with_the_one_that_was_meant():
    found = problems(WORK, {"topic": "tasks", "ackDeadlineSecond": 30})
    assert found == "ackDeadlineSecond: SubscriptionArgs has no such property; ackDeadlineSeconds is meant?"


def test_a_missing_property_is_named():
    assert problems(SUBNET, {"ipCidrRange": "10.0.0.0/20"}) == "network: is required by SubnetworkArgs"


def test_what_the_api_requires_and_the_sdk_does_not_is_asked_for():
    assert problems("gcp:compute/router:Router", {"name": "main"}) == "network: is required by the API"


def test_a_missing_property_below_another_is_named_by_its_path():
    found = pool(guestAccelerators=[{"count": 1}])
    assert found == "nodeConfig.guestAccelerators[0].type: is required by NodePoolNodeConfigGuestAcceleratorArgs"


def test_a_wrong_member_of_an_enum_is_refused_by_the_discovery_document():
    assert problems(RUN, SERVICE | {"ingress": "INTERNAL"}).startswith("ingress: 'INTERNAL' is none of")


def test_an_enum_that_the_discovery_document_does_not_state_is_kept():
    assert pool(diskType="gp3").startswith("nodeConfig.diskType: 'gp3' is none of pd-standard, pd-ssd")


@pytest.mark.parametrize("name", ["Main", "main_", "-main", "1main", "m" * 64])
def test_a_name_that_compute_engine_does_not_take_is_refused(name: str):
    assert problems(NETWORK, {"name": name}).startswith(f"name: {name!r} ")


@pytest.mark.parametrize("name", ["Releases", "ab", "goog-releases", "my-google-store", "releases-", "a" * 64])
def test_a_name_that_cloud_storage_does_not_take_is_refused(name: str):
    assert problems(BUCKET, {"name": name, "location": "ASIA-SOUTH1"})


def test_a_duration_without_its_unit_is_refused():
    found = problems(WORK, {"topic": "tasks", "retryPolicy": {"minimumBackoff": "10"}})
    assert found.startswith("retryPolicy.minimumBackoff: '10' does not match")


def test_a_range_that_the_discovery_document_does_not_state_is_kept():
    assert problems(WORK, {"topic": "tasks", "ackDeadlineSeconds": 601}).endswith("601 is not in 10..600")


@pytest.mark.parametrize("retention", ["599s", "2678401s"])
def test_a_span_of_time_is_not_too_short_and_not_too_long(retention: str):
    found = problems(WORK, {"topic": "tasks", "messageRetentionDuration": retention})
    assert found == f"messageRetentionDuration: {retention} is not in 600s..2678400s"


def test_an_alert_waits_for_whole_minutes():
    threshold = {"comparison": "COMPARISON_GT", "duration": "90s", "filter": "f"}
    inputs = {"displayName": "late", "combiner": "OR"}
    found = problems(ALERT, inputs | {"conditions": [{"displayName": "late", "conditionThreshold": threshold}]})
    assert found == "conditions.conditionThreshold.duration: 90s is no multiple of 60s"


def test_inputs_that_exclude_each_other_are_refused():
    assert pool(spot=True, flexStart=True) == "nodeConfig.flexStart: excludes spot: only one of them may be given"
    assert not pool(spot=False, flexStart=True)


def test_one_of_several_inputs_is_required():
    assert problems(FIREWALL, {"network": "main"}) == "allows: one of allows, denies is required"
    found = problems(SECRET, {"secretId": "token", "replication": {}})
    assert found == "replication: one of auto, userManaged is required"


@pytest.mark.parametrize("text", ["10.0.0.1/20", "10.0.0.0/33", "10.0.0/20"])
def test_a_range_of_addresses_begins_with_its_first(text: str):
    assert "is no range of addresses" in problems(SUBNET, {"network": "main", "ipCidrRange": text})


@pytest.mark.parametrize(
    ("cpu", "memory", "wrong"),
    [
        ("1", "4Gi", ""),
        ("1", "8Gi", "8 GiB with 1 CPUs is not in 0..4"),
        ("4", "1Gi", "1 GiB with 4 CPUs is not in 2..16"),
        ("3", "4Gi", "3 CPUs are none of"),
        ("500m", "512Mi", "has to be 1 with less than one CPU"),
    ],
)
def test_memory_of_an_instance_goes_with_its_cpus(cpu: str, memory: str, wrong: str):
    found = instance({"limits": {"cpu": cpu, "memory": memory}})
    assert wrong in found
    assert bool(wrong) == bool(found)


def test_a_gpu_of_an_instance_needs_cpus_memory_and_all_of_them_all_the_time():
    gpu = {"nvidia.com/gpu": "1"}
    assert "a GPU needs 4 CPUs and 16 GiB" in instance(
        {"limits": {"cpu": "2", "memory": "8Gi"} | gpu, "cpuIdle": False}
    )
    assert "cpuIdle: has to be false" in instance({"limits": {"cpu": "4", "memory": "16Gi"} | gpu})


def test_an_instance_is_not_waited_for_longer_than_four_minutes():
    probe = {"periodSeconds": 10, "failureThreshold": 25, "httpGet": {"path": "/health"}}
    found = problems(RUN, SERVICE | {"template": {"containers": [{"image": "a/b", "startupProbe": probe}]}})
    assert "asks for longer than 240 seconds" in found


def test_fewest_instances_are_not_more_than_most():
    template = SERVICE["template"] | {"scaling": {"minInstanceCount": 3, "maxInstanceCount": 2}}
    assert problems(RUN, SERVICE | {"template": template}).endswith("is more than maxInstanceCount")


def test_a_machine_has_the_accelerators_that_it_comes_with():
    found = pool(machineType="a3-highgpu-8g", guestAccelerators=[{"type": "nvidia-l4", "count": 8}])
    assert found.endswith("a3-highgpu comes with nvidia-h100-80gb only")


def test_an_unknown_value_of_a_preview_is_not_judged():
    assert not problems(SUBNET, {"network": UNKNOWN, "ipCidrRange": UNKNOWN, "secondaryIpRanges": UNKNOWN})


def test_a_type_that_the_sdk_does_not_have_is_refused():
    assert "has no gcp:pubsub/topics:Topics" in problems("gcp:pubsub/topics:Topics", {})


def test_every_description_speaks_of_a_schema_and_members_that_there_are():
    for description in descriptions().values():
        if description.call:
            shape = api.schema(description.call)
            for member in (*description.members.values(), *filter(None, [description.within])):
                assert follow(shape, member)
        for schema in description.documents.values():
            assert api.schema(schema).members


def test_every_description_speaks_of_properties_that_the_sdk_has():
    for token, described in descriptions().items():
        kind = SDK.kind(token)
        assert kind, token
        paths = (*described.limits, *described.members, *described.refers, *described.labels, *described.replaces)
        more = (*described.documents, *described.ranges, *described.spans, *described.apart)
        choices = [below(choice.at, name) for choice in described.choices for name in choice.of]
        strangers = {path for path in (*paths, *more, *choices) if not has(kind, path)}
        strangers |= described.outputs.keys() - kind.outputs - kind.properties.types.keys()
        assert not strangers, token


def has(kind: Kind, path: str) -> bool:
    """Whether a type has a property at a path; what a mapping holds is not looked at."""
    name = kind.inputs
    for part in path.split("."):
        if name not in kind.classes:
            return True
        found = kind.classes[name].types.get(part)
        if found is None:
            return False
        while found.of:
            found = next((each for each in found.of if each.sort == "object"), found.of[0])
        name = found.name
    return True


def test_every_type_of_the_stacks_is_described():
    used = {
        line.split()[0]
        for file in SNAPSHOTS.glob("*.txt")
        for line in file.read_text().splitlines()
        if line.startswith("gcp:")
    }
    assert not used - descriptions().keys()


def test_a_preview_asks_nobody():
    with pytest.raises(RefusedError, match="a preview on Google asks nobody"):
        GCP.invoke("gcp:organizations/getProject:getProject", {}, PLACE, lambda _: None)


def test_a_change_of_capacity_replaces_a_node_pool_and_a_change_of_size_does_not():
    replacing = GCP.replaces(POOL)
    assert {"nodeConfig.spot", "cluster", "location"} <= replacing
    assert "autoscaling" not in replacing


def test_a_member_of_an_enum_that_google_has_given_up_is_refused():
    posture = {"mode": "BASIC", "vulnerabilityMode": "VULNERABILITY_BASIC"}
    found = problems("gcp:container/cluster:Cluster", {"location": "asia-south1", "securityPostureConfig": posture})
    assert found.startswith("securityPostureConfig.vulnerabilityMode: 'VULNERABILITY_BASIC' is none of")
