"""Invariants of clusters and their nodes, in every AWS stack."""

from datetime import date
from typing import Any

import pytest

from infra.aws.machines import ami_type, efa_cards
from infra.catalog import Catalog
from infra.settings import PoolSettings, Settings
from infra.settings.eks_versions import EKS_ENDS
from slipway.errors import SettingsError
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_graph, config_of, settings_of

CLUSTER, GROUP, TEMPLATE = (
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:ec2/launchTemplate:LaunchTemplate",
)
TAG = "aws:autoscaling/tag:Tag"
GPU_TAINT = "nvidia.com/gpu"
DEV = config_of("aws-dev")
POOL: dict[str, Any] = {"name": "train", "accelerator": "L4", "machines": ["g6.xlarge"]}


def gpu_groups(graph: Graph) -> list[Registration]:
    return [group for group in graph.of(GROUP) if group.name.startswith("gpu-")]


def pool(**keys: object) -> PoolSettings:
    given = {"name": "train", "accelerator": "H100", "machines": ("p5.48xlarge",)} | keys
    return PoolSettings.model_validate(given)


def test_every_region_has_one_cluster(prod: Graph):
    assert len(prod.of(CLUSTER)) == len(settings_of("aws-prod").regions)


def test_the_api_server_is_private(aws: Graph):
    for cluster in aws.of(CLUSTER):
        network = cluster.inputs["vpcConfig"]
        assert network["endpointPrivateAccess"]
        assert not network["endpointPublicAccess"]


def test_an_api_server_that_is_opened_names_to_whom():
    opened = {**DEV, "slipway:cluster": {"public_access_from": ["192.0.2.0/24"]}}
    network = cloud_graph(Settings.parse(opened), "aws-dev").of(CLUSTER)[0].inputs["vpcConfig"]
    assert network["publicAccessCidrs"] == ["192.0.2.0/24"]


def test_kubernetes_secrets_are_encrypted_with_a_key_of_their_own(aws: Graph):
    for cluster in aws.of(CLUSTER):
        encryption = cluster.inputs["encryptionConfig"]
        assert encryption["resources"] == ["secrets"]
        assert "-secrets" in encryption["provider"]["keyArn"]


def test_every_log_of_the_control_plane_is_kept(aws: Graph):
    for cluster in aws.of(CLUSTER):
        assert len(cluster.inputs["enabledClusterLogTypes"]) == 5


def test_the_control_planes_log_group_is_where_eks_writes(aws: Graph):
    groups = {group.inputs.get("name") for group in aws.of("aws:cloudwatch/logGroup:LogGroup")}
    assert {f"/aws/eks/{cluster.inputs['name']}/cluster" for cluster in aws.of(CLUSTER)} <= groups


def test_access_is_granted_by_access_entries_alone(aws: Graph):
    for cluster in aws.of(CLUSTER):
        assert cluster.inputs["accessConfig"] == {
            "authenticationMode": "API",
            "bootstrapClusterCreatorAdminPermissions": False,
        }


def test_no_cluster_slides_into_extended_support(aws: Graph):
    assert {cluster.inputs["upgradePolicy"]["supportType"] for cluster in aws.of(CLUSTER)} == {"STANDARD"}


def test_the_version_is_one_whose_end_is_known_and_to_come(aws: Graph):
    """A failure without a change means that its time has come: raise ClusterSettings.version."""
    for cluster in aws.of(CLUSTER):
        assert EKS_ENDS[cluster.inputs["version"]] > date.today()


def test_production_clusters_cannot_be_deleted(prod: Graph):
    for cluster in prod.of(CLUSTER):
        assert cluster.inputs["deletionProtection"]
        assert cluster.protect


def test_every_cluster_has_the_addons_that_its_nodes_need(aws: Graph):
    addons = {addon.inputs["addonName"] for addon in aws.of("aws:eks/addon:Addon")}
    assert addons == {"vpc-cni", "coredns", "kube-proxy", "eks-pod-identity-agent", "aws-ebs-csi-driver"}


def test_addons_that_run_as_pods_wait_for_nodes(aws: Graph):
    for addon in aws.of("aws:eks/addon:Addon"):
        waits = any(name.endswith("-system") for name in addon.depends_on)
        assert waits == (addon.inputs["addonName"] in ("coredns", "aws-ebs-csi-driver")), addon.name


def test_nodes_wait_for_the_network_addon(aws: Graph):
    for group in aws.of(GROUP):
        assert any(name.endswith("-vpc-cni") for name in group.depends_on), group.name


def test_pods_cannot_reach_the_credentials_of_their_node(aws: Graph):
    for template in aws.of(TEMPLATE):
        options = template.inputs["metadataOptions"]
        assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)


def test_both_disks_of_bottlerocket_are_encrypted(prod: Graph):
    mappings = prod.of(TEMPLATE).named("gpu-us-east-1-serve-spot").inputs["blockDeviceMappings"]
    assert {mapping["deviceName"] for mapping in mappings} == {"/dev/xvda", "/dev/xvdb"}


def test_system_nodes_get_the_image_of_their_processor():
    settings = Settings.parse({**DEV, "slipway:cluster": {"system_machines": ["m7g.large"]}})
    assert cloud_graph(settings, "aws-dev").of(GROUP).named("cluster-us-east-1-system").inputs["amiType"] == (
        "AL2023_ARM_64_STANDARD"
    )


@pytest.mark.parametrize(
    ("machine", "said"),
    [("nonsense.large", "EC2 has no nonsense.large"), ("trn1.2xlarge", "trn1.2xlarge is not offered in ap-south-1")],
)
def test_a_system_machine_that_cannot_be_had_is_refused(machine: str, said: str):
    wrong = {**DEV, "slipway:cluster": {"system_machines": [machine]}, "slipway:regions": ["us-east-1", "ap-south-1"]}
    with pytest.raises(SettingsError, match=said):
        cloud_graph(Settings.parse(wrong), "aws-dev")


def test_the_autoscaler_knows_of_the_fabric_of_an_empty_group(prod: Graph):
    tags = [tag.inputs["tag"] for tag in prod.of(TAG) if "gpu-us-east-1-train-spot-" in tag.name]
    fabric = "k8s.io/cluster-autoscaler/node-template/resources/vpc.amazonaws.com/efa"
    assert [tag["value"] for tag in tags if tag["key"] == fabric] == ["32"]


def test_every_disk_of_a_node_is_encrypted(aws: Graph):
    for template in aws.of(TEMPLATE):
        disks = [mapping["ebs"] for mapping in template.inputs["blockDeviceMappings"]]
        assert {(disk["encrypted"], disk["volumeType"]) for disk in disks} == {("true", "gp3")}


def test_what_a_template_launches_is_labelled_though_ec2_knows_no_default_tags(aws: Graph):
    for template in aws.of(TEMPLATE):
        for specification in template.inputs["tagSpecifications"]:
            assert {"owner", "environment", "cost-center", "project", "stack"} <= specification["tags"].keys()


def test_every_gpu_pool_scales_to_zero(aws: Graph):
    assert {group.inputs["scalingConfig"]["minSize"] for group in gpu_groups(aws)} == {0}


def test_only_what_asks_for_a_gpu_runs_on_gpu_nodes(aws: Graph):
    for group in gpu_groups(aws):
        assert group.inputs["taints"] == [{"key": GPU_TAINT, "value": "present", "effect": "NO_SCHEDULE"}]


def test_the_autoscalers_number_of_nodes_is_not_ours_where_a_group_keeps_none(aws: Graph):
    for group in gpu_groups(aws):
        assert group.ignore_changes == ("scalingConfig.desiredSize",)


def test_a_group_that_keeps_nodes_says_how_many_are_wanted(aws: Graph):
    for group in aws.of(GROUP):
        if least := group.inputs["scalingConfig"]["minSize"]:
            assert group.inputs["scalingConfig"]["desiredSize"] == least, group.name
            assert not group.ignore_changes, group.name


def test_every_spot_group_has_an_on_demand_group_of_its_pool_beside_it(aws: Graph):
    groups = gpu_groups(aws)
    kinds = {(g.inputs["labels"]["slipway/pool"], g.inputs["clusterName"]): set[str]() for g in groups}
    for group in groups:
        kinds[group.inputs["labels"]["slipway/pool"], group.inputs["clusterName"]].add(group.inputs["capacityType"])
    assert all("ON_DEMAND" in kind for kind in kinds.values() if "SPOT" in kind)


def test_the_autoscaler_knows_what_a_node_of_an_empty_group_has(aws: Graph):
    for group in gpu_groups(aws):
        keys = {tag.inputs["tag"]["key"] for tag in aws.of(TAG) if tag.name.startswith(f"{group.name}-")}
        template = "k8s.io/cluster-autoscaler/node-template"
        assert {f"{template}/label/slipway/pool", f"{template}/taint/{GPU_TAINT}"} <= keys, group.name
        assert f"{template}/resources/{GPU_TAINT}" in keys, group.name


def test_no_node_runs_an_image_that_eks_has_given_up(aws: Graph):
    assert not [group for group in aws.of(GROUP) if group.inputs["amiType"].startswith("AL2_")]


def test_nodes_with_the_fabric_stand_close_together_in_one_zone(prod: Graph):
    train = [group for group in gpu_groups(prod) if group.inputs["labels"]["slipway/pool"] == "train"]
    for group in train:
        assert len(group.inputs["subnetIds"]) == 1
        template = prod.of(TEMPLATE).named(group.name)
        assert template.inputs["placement"]["groupName"]
        assert len(template.inputs["networkInterfaces"]) == 32


def test_only_the_first_card_of_the_fabric_takes_an_address(prod: Graph):
    kinds = [
        card["interfaceType"]
        for card in prod.of(TEMPLATE).named("gpu-us-east-1-train-spot").inputs["networkInterfaces"]
    ]
    assert kinds == ["efa"] + ["efa-only"] * 31


def test_the_fabric_lets_nodes_of_the_pool_speak_and_nobody_else(prod: Graph):
    for rule in prod.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        if "-fabric" in rule.name:
            assert rule.inputs["referencedSecurityGroupId"] == rule.inputs["securityGroupId"]


def test_a_pool_keeps_its_least_nodes_only_where_it_was_chosen():
    kept = {**DEV, "slipway:gpu_pools": [POOL | {"min": 1}]}
    sizes = {
        group.inputs["capacityType"]: group.inputs["scalingConfig"]["minSize"]
        for group in gpu_groups(cloud_graph(Settings.parse(kept), "aws-dev"))
    }
    assert sizes == {"SPOT": 1, "ON_DEMAND": 0}


BOUGHT: dict[str, Any] = POOL | {
    "machines": ["p5.48xlarge"],
    "accelerator": "H100",
    "efa": True,
    "capacity": ["capacity_block", "on_demand"],
    "reservation": {"id": "cr-0123456789abcdef0", "zone": "use1-az5"},
}


def bought(**changed: object) -> Graph:
    named = {"zones": 2, "zone_ids": {"us-east-1": ["use1-az4", "use1-az5"]}}
    given = {**DEV, "slipway:gpu_pools": [BOUGHT], "slipway:network": named} | changed
    return cloud_graph(Settings.parse(given), "aws-dev")


def test_capacity_bought_ahead_is_named_in_the_launch_template():
    made = bought()
    template = made.of(TEMPLATE).named("gpu-us-east-1-train-capacity-block").inputs
    assert template["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert template["capacityReservationSpecification"]["capacityReservationTarget"] == {
        "capacityReservationId": "cr-0123456789abcdef0"
    }
    assert template["instanceType"] == "p5.48xlarge"
    group = made.of(GROUP).named("gpu-us-east-1-train-capacity-block").inputs
    assert group["capacityType"] == "CAPACITY_BLOCK"
    assert "instanceTypes" not in group


def test_capacity_bought_ahead_stands_in_the_zone_where_it_was_bought():
    (subnet,) = bought().of(GROUP).named("gpu-us-east-1-train-capacity-block").inputs["subnetIds"]
    assert "use1-az5" in subnet


def test_capacity_bought_ahead_is_in_no_placement_group_of_ours():
    template = bought().of(TEMPLATE).named("gpu-us-east-1-train-capacity-block").inputs
    assert "placement" not in template


def test_a_region_without_the_reservation_has_the_pools_other_capacity():
    both = {"slipway:regions": ["us-east-1", "us-west-2"]}
    assert [group.name for group in gpu_groups(bought(**both)) if "us-west-2" in group.name] == [
        "gpu-us-west-2-train-on-demand"
    ]


def test_a_reservation_in_a_zone_that_is_not_used_is_refused():
    named = {"slipway:network": {"zones": 2, "zone_ids": {"us-east-1": ["use1-az4", "use1-az6"]}}}
    with pytest.raises(SettingsError, match=r"gpu_pools\[0\]\.reservation\.zone: use1-az5 is none of the zones"):
        bought(**named)


def test_a_reservation_moves_no_zone_and_says_how_to_name_its_own():
    with pytest.raises(SettingsError, match=r"use1-az5 is none of .*\(use1-az1, use1-az2, use1-az4\)") as caught:
        bought(**{"slipway:network": {}})
    assert "slipway:network.zone_ids.us-east-1; on AWS before the first `up`" in caught.value.hint


def test_an_accelerator_that_the_machines_do_not_have_is_refused():
    wrong = {**DEV, "slipway:gpu_pools": [POOL | {"accelerator": "H100"}]}
    with pytest.raises(SettingsError, match=r"gpu_pools\[0\]\.accelerator: g6\.xlarge has L4, not H100"):
        cloud_graph(Settings.parse(wrong), "aws-dev")


def test_a_pool_stands_only_in_zones_that_offer_its_machines(prod: Graph):
    for group in gpu_groups(prod):
        region = group.name.removeprefix("gpu-").rsplit(f"-{group.inputs['labels']['slipway/pool']}-", 1)[0]
        zones = {subnet.split("-private-")[1].removesuffix("-id") for subnet in group.inputs["subnetIds"]}
        for machine in group.inputs["instanceTypes"]:
            assert zones <= set(Catalog.load().offer("aws", region, machine, "on_demand").zones), group.name


def test_a_machine_that_a_region_does_not_offer_is_refused_with_where_it_is():
    wrong = {**DEV, "slipway:regions": ["eu-central-1"], "slipway:gpu_pools": [POOL | {"machines": ["p5.48xlarge"]}]}
    with pytest.raises(
        SettingsError, match=r"gpu_pools\[0\]\.machines: p5\.48xlarge is not offered spot in eu-central-1"
    ) as caught:
        cloud_graph(Settings.parse(wrong), "aws-dev")
    assert "us-east-1" in caught.value.hint


def test_more_zones_than_are_known_are_refused():
    wrong = {**DEV, "slipway:regions": ["eu-central-1"], "slipway:gpu_pools": [], "slipway:network": {"zones": 4}}
    with pytest.raises(SettingsError, match=r"network\.zones: 4 are wanted and 3 known in eu-central-1"):
        cloud_graph(Settings.parse(wrong), "aws-dev")


def test_zones_may_be_named_where_the_catalog_knows_none():
    named = {"zones": 2, "zone_ids": {"ap-northeast-2": ["apne2-az1", "apne2-az3"]}}
    given = {**DEV, "slipway:regions": ["ap-northeast-2"], "slipway:gpu_pools": [], "slipway:network": named}
    subnets = cloud_graph(Settings.parse(given), "aws-dev").of("aws:ec2/subnet:Subnet")
    assert {subnet.inputs["availabilityZoneId"] for subnet in subnets} == {"apne2-az1", "apne2-az3"}


def test_machines_that_need_different_images_are_refused():
    with pytest.raises(SettingsError, match="need different images"):
        ami_type(pool(machines=("p5.48xlarge", "trn1.32xlarge")), "slipway:gpu_pools[0]")


def test_a_neuron_machine_gets_its_own_image():
    assert ami_type(pool(machines=("trn1.32xlarge",)), "") == "AL2023_x86_64_NEURON"


def test_machines_with_unequally_many_fabric_cards_are_refused():
    with pytest.raises(SettingsError, match=r"p5\.48xlarge has 32, p5en\.48xlarge has 16 EFA cards"):
        efa_cards(pool(machines=("p5.48xlarge", "p5en.48xlarge"), efa=True), "slipway:gpu_pools[0]")
