"""Invariants of clusters and their nodes, in every stack on Google, previewed and up."""

from typing import Any

import pytest

from infra.catalog import Catalog
from infra.gcp.machines import accelerator_type
from infra.settings import Settings
from slipway.errors import SettingsError
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_graph, config_of, graph, settings_of

CLUSTER, POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
GPU_TAINT, CLASS = "nvidia.com/gpu", "cloud.google.com/compute-class"
DEV = config_of("gcp-dev")
TRAIN: dict[str, Any] = {"name": "train", "accelerator": "L4", "machines": ["g2-standard-4"]}


def gpu_pools(graph: Graph) -> list[Registration]:
    return [pool for pool in graph.of(POOL) if pool.name.startswith("gpu-")]


def node(pool: Registration) -> dict[str, Any]:
    return pool.inputs["nodeConfig"]


def dev_with(**sections: Any) -> Graph:
    """Development's graph with sections of a test's own; nothing is served, which clusters do not mind."""
    changed = {f"slipway:{name}": value for name, value in sections.items()}
    return cloud_graph(Settings.parse(DEV | changed), "gcp-dev", serving=False)


def test_every_region_has_one_cluster(gcp_prod: Graph):
    places = [cluster.inputs["location"] for cluster in gcp_prod.of(CLUSTER)]
    assert sorted(places) == sorted(settings_of("gcp-prod").regions)


def test_no_node_has_a_public_address(gcp: Graph):
    assert all(it.inputs["privateClusterConfig"]["enablePrivateNodes"] for it in gcp.of(CLUSTER))


def test_the_api_server_is_private(gcp: Graph):
    for cluster in gcp.of(CLUSTER):
        assert cluster.inputs["privateClusterConfig"]["enablePrivateEndpoint"]
        assert not cluster.inputs["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["allowExternalTraffic"]


def test_an_api_server_that_is_opened_names_to_whom():
    cluster = dev_with(cluster={"public_access_from": ["192.0.2.0/24"]}).of(CLUSTER)[0].inputs
    assert not cluster["privateClusterConfig"]["enablePrivateEndpoint"]
    (allowed,) = cluster["masterAuthorizedNetworksConfig"]["cidrBlocks"]
    assert allowed["cidrBlock"] == "192.0.2.0/24"


def test_no_machine_of_googles_reaches_the_api_server_because_it_is_googles(gcp: Graph):
    for cluster in gcp.of(CLUSTER):
        assert not cluster.inputs["masterAuthorizedNetworksConfig"]["gcpPublicCidrsAccessEnabled"]


def test_network_policies_are_kept_by_dataplane_v2(gcp: Graph):
    """Without it, or Calico, GKE takes a NetworkPolicy and refuses nothing."""
    assert {cluster.inputs["datapathProvider"] for cluster in gcp.of(CLUSTER)} == {"ADVANCED_DATAPATH"}


def test_the_version_comes_from_the_channel_of_the_settings(gcp_prod: Graph):
    assert settings_of("gcp-prod").cluster.release_channel == "stable"
    assert {cluster.inputs["releaseChannel"]["channel"] for cluster in gcp_prod.of(CLUSTER)} == {"STABLE"}
    assert not any(cluster.inputs.keys() & {"minMasterVersion", "nodeVersion"} for cluster in gcp_prod.of(CLUSTER))


def test_pods_have_identities_of_their_project(gcp: Graph):
    (project,) = {provider.inputs["project"] for provider in gcp.of("pulumi:providers:gcp")}
    for cluster in gcp.of(CLUSTER):
        assert cluster.inputs["workloadIdentityConfig"]["workloadPool"] == f"{project}.svc.id.goog"


def test_pods_cannot_reach_the_credentials_of_their_node(gcp: Graph):
    for pool in gcp.of(POOL):
        assert node(pool)["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
        assert node(pool)["metadata"]["disable-legacy-endpoints"] == "true"


def test_every_node_is_shielded(gcp: Graph):
    assert all(cluster.inputs["enableShieldedNodes"] for cluster in gcp.of(CLUSTER))
    for pool in gcp.of(POOL):
        assert node(pool)["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}


@pytest.mark.parametrize(("stack", "mode"), [("gcp-prod", "PROJECT_SINGLETON_POLICY_ENFORCE"), ("gcp-dev", "DISABLED")])
def test_images_are_admitted_by_binary_authorization_where_settings_ask_for_it(stack: str, mode: str):
    assert settings_of(stack).cluster.binary_authorization is (stack == "gcp-prod")
    for cluster in graph(stack).of(CLUSTER):
        assert cluster.inputs["binaryAuthorization"]["evaluationMode"] == mode


def test_kubernetes_secrets_are_encrypted_with_a_key_of_their_own(gcp: Graph):
    disks = {node(pool)["bootDiskKmsKey"] for pool in gcp.of(POOL)}
    for cluster in gcp.of(CLUSTER):
        encryption = cluster.inputs["databaseEncryption"]
        assert encryption == {"state": "ENCRYPTED", "keyName": f"{cluster.name}-id"}
        assert encryption["keyName"] not in disks


def test_every_disk_of_a_node_is_encrypted_with_the_key_of_its_region(gcp: Graph):
    for pool in gcp.of(POOL):
        assert node(pool)["bootDiskKmsKey"] == f"encryption-{pool.inputs['location']}-id"


def test_nobody_comes_in_with_a_certificate_or_by_the_old_rights(gcp: Graph):
    for cluster in gcp.of(CLUSTER):
        assert not cluster.inputs["masterAuth"]["clientCertificateConfig"]["issueClientCertificate"]
        assert not cluster.inputs["enableLegacyAbac"]


def test_no_node_acts_as_googles_default_account(gcp_up: Graph):
    for pool in gcp_up.of(POOL):
        assert node(pool)["serviceAccount"].startswith(f"nodes-{pool.inputs['location']}@")
    assert all(cluster.inputs["removeDefaultNodePool"] for cluster in gcp_up.of(CLUSTER))


def test_logs_of_the_control_plane_are_kept(gcp: Graph):
    for cluster in gcp.of(CLUSTER):
        kept = set(cluster.inputs["loggingConfig"]["enableComponents"])
        assert {"APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "WORKLOADS"} <= kept


def test_production_clusters_cannot_be_deleted(gcp_prod: Graph):
    for cluster in gcp_prod.of(CLUSTER):
        assert cluster.inputs["deletionProtection"]
        assert cluster.protect


def test_nodes_wait_for_the_cluster_and_for_their_rights(gcp: Graph):
    for pool in gcp.of(POOL):
        cluster = f"cluster-{pool.inputs['location']}"
        assert {cluster, f"{cluster}-nodes-defaultNodeServiceAccount", f"{cluster}-nodes-reader"} <= {*pool.depends_on}


def test_a_cluster_waits_for_the_way_out_by_which_its_nodes_fetch_images(gcp: Graph):
    for cluster in gcp.of(CLUSTER):
        assert f"network-{cluster.inputs['location']}" in cluster.depends_on


def test_what_the_cluster_itself_runs_has_nodes_without_an_accelerator(gcp: Graph):
    for pool in gcp.of(POOL):
        if pool.name.endswith("-system"):
            assert "guestAccelerators" not in node(pool)
            assert node(pool)["taints"] == []


def test_only_what_asks_for_a_gpu_runs_on_gpu_nodes(gcp: Graph):
    for pool in gpu_pools(gcp):
        taints = {taint["key"]: (taint["value"], taint["effect"]) for taint in node(pool)["taints"]}
        assert taints[GPU_TAINT] == ("present", "NO_SCHEDULE")


def test_a_gpu_node_is_taken_by_the_class_of_its_pool_alone(gcp: Graph):
    for pool in gpu_pools(gcp):
        taints = {taint["key"]: taint["value"] for taint in node(pool)["taints"]}
        assert taints[CLASS] == node(pool)["labels"][CLASS] == node(pool)["labels"]["slipway/pool"]


def test_a_gpu_node_says_its_pool_its_capacity_and_its_accelerator(gcp: Graph):
    for pool in gpu_pools(gcp):
        labels = node(pool)["labels"]
        assert pool.inputs["name"].startswith(f"{labels['slipway/pool']}-{labels['slipway/capacity']}-")
        assert labels["slipway/accelerator"]


def test_gke_installs_the_drivers_of_every_gpu(gcp: Graph):
    for pool in gpu_pools(gcp):
        (accelerator,) = node(pool)["guestAccelerators"]
        assert accelerator["gpuDriverInstallationConfig"] == {"gpuDriverVersion": "LATEST"}


def test_a_node_pool_has_the_accelerators_that_come_with_its_machine(gcp: Graph):
    for pool in gpu_pools(gcp):
        (accelerator,) = node(pool)["guestAccelerators"]
        machine = node(pool)["machineType"]
        offers = Catalog.load().offers("gcp", pool.inputs["location"], machine)
        assert accelerator["type"] == accelerator_type(machine, "")
        assert {accelerator["count"]} == {offer.accelerators for offer in offers}


def test_every_node_has_the_fast_network_card(gcp: Graph):
    assert all(node(pool)["gvnic"] == {"enabled": True} for pool in gcp.of(POOL))


def test_fast_socket_is_on_where_nccl_gains_by_it_and_off_on_a_machine_of_one_gpu(gcp_prod: Graph):
    by_machine = {node(pool)["machineType"]: node(pool)["fastSocket"]["enabled"] for pool in gpu_pools(gcp_prod)}
    assert by_machine["a3-highgpu-8g"] is True
    assert by_machine["g2-standard-4"] is False


def test_a_machine_without_an_accelerator_that_gke_knows_is_refused():
    with pytest.raises(SettingsError, match=r"slipway:gpu_pools\[0\]\.machines: n2-standard-8 has no accelerator"):
        accelerator_type("n2-standard-8", "slipway:gpu_pools[0]")


def test_a_pool_stands_only_in_zones_that_offer_its_machines(gcp: Graph):
    for pool in gpu_pools(gcp):
        capacity = node(pool)["labels"]["slipway/capacity"].replace("-", "_")
        offered = Catalog.load().offer("gcp", pool.inputs["location"], node(pool)["machineType"], capacity)
        assert pool.inputs["nodeLocations"]
        assert set(pool.inputs["nodeLocations"]) <= set(offered.zones)
